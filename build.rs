//! Links the system's OpenBLAS, which `ndarray-linalg` calls: by pkg-config, or by name where the linker finds it itself.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=PKG_CONFIG_PATH");
    if pkg_config::probe_library("openblas").is_err() {
        println!("cargo:rustc-link-lib=openblas");
    }
}
