#!/bin/sh
# Installs what the build needs beyond Rust: the OpenBLAS development files, and pkg-config to find them.
# Says nothing where they are present. Exit status 1, with what to install, where it cannot install them itself.
set -eu
. "$(dirname "$0")/common.sh"

# What a person has to do when this script cannot.
give_up() {
    say "error: $1"
    say ""
    say "Install the OpenBLAS development files and pkg-config, then run make again:"
    say "  Debian, Ubuntu   apt-get install libopenblas-dev pkg-config"
    say "  Fedora, RHEL     dnf install openblas-devel pkgconf-pkg-config"
    say "  Arch             pacman -S openblas pkgconf"
    say "  openSUSE         zypper install openblas-devel pkg-config"
    say "  macOS            brew install openblas pkg-config"
    exit 1
}

found_by_pkg_config() {
    "${PKG_CONFIG:-pkg-config}" --exists openblas 2>/dev/null
}

# A system without pkg-config may still have the library where the linker looks.
found_by_linker() {
    probe=$(mktemp -d "${TMPDIR:-/tmp}/openblas.XXXXXX") || return 1
    printf 'void dgesv_(void);\nvoid cblas_dgemm(void);\nint main(void) { dgesv_(); cblas_dgemm(); return 0; }\n' \
        >"$probe/probe.c"
    status=0
    cc -o "$probe/probe" "$probe/probe.c" -lopenblas >/dev/null 2>&1 || status=1
    rm -rf "$probe"
    return "$status"
}

# On macOS, where Homebrew keeps OpenBLAS off pkg-config's own path; the Makefile sets the same variable for cargo.
add_keg_only_openblas() {
    if prefix=$(brew --prefix openblas 2>/dev/null); then
        PKG_CONFIG_PATH="$prefix/lib/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}"
        export PKG_CONFIG_PATH
    fi
}

found() {
    found_by_pkg_config || found_by_linker
}

on_macos_with_brew() { [ "$(uname -s)" = Darwin ] && have brew; }

install_with_apt() {
    may_become_root || give_up "OpenBLAS is missing, and installing it needs root (sudo asks for a password or is absent)."
    apt_install libopenblas-dev pkg-config || give_up "apt-get could not install libopenblas-dev and pkg-config."
}

install_with_brew() {
    say "Installing openblas and pkg-config with Homebrew."
    brew install openblas pkg-config </dev/null >&2 || give_up "Homebrew could not install openblas and pkg-config."
    add_keg_only_openblas
}

have cargo || { say "error: cargo is not on the PATH. Install Rust 1.89 or later, then run make again."; exit 1; }
have cc || { say "error: cc is not on the PATH. Install a C compiler, then run make again."; exit 1; }
if on_macos_with_brew; then
    add_keg_only_openblas
fi
if found; then
    exit 0
fi
if on_macos_with_brew; then
    install_with_brew
elif have apt-get; then
    install_with_apt
else
    give_up "OpenBLAS is missing, and this system has neither apt-get nor Homebrew to install it with."
fi
found || give_up "OpenBLAS was installed, but neither pkg-config nor the linker finds it."
