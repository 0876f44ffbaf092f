//! Tells the linker where libtorch lies, so that nobody has to set `LD_LIBRARY_PATH` to run the program.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // Set by torch-sys.
    if let Ok(directory) = std::env::var("DEP_TCH_LIBTORCH_LIB") {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{directory}");
    }
}
