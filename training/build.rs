//! Compiles the C++ of `src/libtorch`, and tells the linker where libtorch lies, so that nobody has to set `LD_LIBRARY_PATH` to run
//! the program.

use std::env;
use std::path::{Path, PathBuf};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=src/libtorch");
    println!("cargo:rerun-if-env-changed=LIBTORCH_INCLUDE");
    println!("cargo:rerun-if-env-changed=LIBTORCH_CXX11_ABI");
    let mut shim = cc::Build::new();
    // Set by torch-sys. Headers are beside the libraries, or where its own variable says.
    if let Ok(directory) = env::var("DEP_TCH_LIBTORCH_LIB") {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{directory}");
        let beside = Path::new(&directory).parent().map(Path::to_owned).unwrap_or_default();
        let headers = env::var_os("LIBTORCH_INCLUDE").map_or(beside, PathBuf::from).join("include");
        shim.include(&headers).include(headers.join("torch/csrc/api/include"));
    }
    let abi = env::var("LIBTORCH_CXX11_ABI").unwrap_or_else(|_| "1".to_owned());
    shim.cpp(true).std("c++17").warnings(false).define("_GLIBCXX_USE_CXX11_ABI", &*abi);
    // Packages of libtorch lack the headers of gloo, which it has inside.
    shim.include("src/libtorch/declarations");
    shim.file("src/libtorch/shim.cpp")
        .file("src/libtorch/group.cpp")
        .file("src/libtorch/count.cpp")
        .compile("reward_collapse_libtorch");
}
