//! How CUDA is found, on machines without a GPU: stubs take the place of NVIDIA's driver and of CUDA's part of libtorch.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::runs::{Place, program, refused};

const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/cuda");

/// What libtorch says of a device for which it has no kernels.
const NO_KERNELS: &str = "Could not run 'aten::empty.memory_format' with arguments from the 'CUDA' backend";

/// The libtorch that the tests were built with.
fn libtorch() -> Option<PathBuf> {
    let set = std::env::var_os("LIBTORCH").or_else(|| option_env!("LIBTORCH").map(Into::into));
    set.map(PathBuf::from).filter(|folder| folder.join("include/ATen/detail/CUDAHooksInterface.h").is_file())
}

/// Compiles a library; false where there is no such compiler.
fn compiled(compiler: &str, arguments: &[&str], source: &str, library: &Path) -> bool {
    let source = Path::new(SOURCES).join(source);
    let output =
        Command::new(compiler).args(["-shared", "-fPIC"]).args(arguments).arg("-o").arg(library).arg(source).output();
    let Ok(output) = output else { return false };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    true
}

/// A folder with the stub of the driver and, with `torch`, that of libtorch's part; none where they cannot be built, which
/// is said.
fn stubs(torch: bool) -> Option<TempDir> {
    let folder = TempDir::new().unwrap();
    if cfg!(not(target_os = "linux")) {
        eprintln!("not tested: CUDA is known only on Linux");
        return None;
    }
    if !compiled("cc", &["-Wall", "-Wextra", "-Werror"], "libcuda.c", &folder.path().join("libcuda.so.1")) {
        eprintln!("not tested: there is no C compiler");
        return None;
    }
    if torch {
        let Some(libtorch) = libtorch() else {
            eprintln!("not tested: LIBTORCH does not say where the headers of libtorch are");
            return None;
        };
        let include = format!("-I{}", libtorch.join("include").display());
        let arguments = ["-std=c++17", "-D_GLIBCXX_USE_CXX11_ABI=1", &include];
        if !compiled("c++", &arguments, "libtorch_cuda.cpp", &folder.path().join("libtorch_cuda.so")) {
            eprintln!("not tested: there is no C++ compiler");
            return None;
        }
    }
    Some(folder)
}

/// `train run.yml` on `device`, with the libraries of `stubs` before all others.
fn train(place: &Place, device: &str, stubs: Option<&TempDir>) -> Command {
    let mut command = program();
    command
        .arg("train")
        .arg(place.path("run.yml"))
        .arg("--output-dir")
        .arg(place.path("run"))
        .args(["--device", device]);
    command.env("STUB_LOADED", place.path("loaded")).env_remove("CUDA_VISIBLE_DEVICES");
    if let Some(stubs) = stubs {
        command.env("LD_LIBRARY_PATH", stubs.path());
    }
    command
}

fn place() -> Place {
    let place = Place::new();
    place.configure(&[("max_steps", "1"), ("eval_at_start", "false")]);
    place
}

/// libtorch looks for CUDA once: had anybody asked before its library was loaded, there would be no GPU for good.
#[test]
fn cuda_is_loaded_before_anybody_asks_for_it() {
    let Some(stubs) = stubs(true) else { return };
    let place = place();
    for device in ["cuda", "cuda:0", "auto"] {
        // The GPU is found, and then lacks kernels.
        let error = refused(&mut train(&place, device, Some(&stubs)), 1);
        assert!(error.contains(NO_KERNELS) && !error.contains("CUDA was asked for"), "{error}");
    }
    let error = refused(train(&place, "cuda:3", Some(&stubs)).env("STUB_DEVICES", "4"), 1);
    assert!(error.contains(NO_KERNELS), "{error}");
    // From the configuration, too.
    place.configure(&[("device", "cuda:0")]);
    let mut command = program();
    command.env("LD_LIBRARY_PATH", stubs.path()).arg("train").arg(place.path("run.yml"));
    let error = refused(command.arg("--output-dir").arg(place.path("run")), 1);
    assert!(error.contains(NO_KERNELS), "{error}");
    assert!(!place.path("run").exists());
}

#[test]
fn what_keeps_a_gpu_from_computing_is_said_in_one_line() {
    let Some(stubs) = stubs(true) else { return };
    let place = place();
    for (device, variables, words) in [
        ("cuda:9", &[][..], "there is no cuda:9: this program sees 1 CUDA device, cuda:0"),
        ("cuda:4", &[("STUB_DEVICES", "4")], "there is no cuda:4: this program sees 4 CUDA devices, cuda:0 to cuda:3"),
        ("cuda", &[("STUB_DEVICES", "0")], "the NVIDIA driver sees no GPU;"),
        ("cuda", &[("STUB_DEVICES", "0"), ("CUDA_VISIBLE_DEVICES", "7")], "(CUDA_VISIBLE_DEVICES is `7`)"),
    ] {
        let error = refused(train(&place, device, Some(&stubs)).envs(variables.iter().copied()), 2);
        assert!(error.contains(words), "{error}");
    }
    // A libtorch whose CUDA cannot be told is taken as it is.
    let mut command = train(&place, "cuda", Some(&stubs));
    let output = command.env("STUB_DRIVER_VERSION", "9020").output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.contains("the NVIDIA driver is too old: it goes up to CUDA 9.2") || error.contains(NO_KERNELS),
        "{error}"
    );
    assert!(!place.path("run").exists());
}

#[test]
fn a_libtorch_without_cuda_says_how_to_get_one() {
    if libtorch().is_none_or(|libtorch| libtorch.join("lib/libtorch_cuda.so").exists()) {
        eprintln!("not tested: this libtorch has CUDA, or cannot be found");
        return;
    }
    let Some(stubs) = stubs(false) else { return };
    let place = place();
    let error = refused(&mut train(&place, "cuda", Some(&stubs)), 2);
    assert!(error.contains("this libtorch has no CUDA") && error.contains("WITH_CUDA=1 make training"), "{error}");
    // Who can do without is told why.
    let output = train(&place, "auto", Some(&stubs)).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    assert_eq!(
        said.matches("on CPU, 2 threads, float32 (without CUDA: this libtorch has none), ").count(),
        1,
        "{said}"
    );
}

#[test]
fn the_cpu_needs_nothing_of_cuda() {
    let Some(stubs) = stubs(false) else { return };
    let place = place();
    let output = train(&place, "cpu", Some(&stubs)).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && said.contains("on CPU, 2 threads, float32, "), "{said}");
    assert!(!place.path("loaded").exists());
}

#[test]
fn without_a_driver_there_is_no_gpu() {
    if Path::new("/dev/nvidiactl").exists() {
        eprintln!("not tested: this machine has a driver");
        return;
    }
    let place = place();
    let error = refused(&mut train(&place, "cuda", None), 2);
    assert!(error.contains("CUDA was asked for, but there is no NVIDIA driver"), "{error}");
    assert!(error.contains("libcuda.so.1") && error.contains("--device cpu"), "{error}");
    assert!(!place.path("run").exists());
}

#[test]
fn a_name_that_is_no_device_is_refused() {
    let place = place();
    for name in ["gpu", "cuda:", "cuda:-1"] {
        let error = refused(&mut train(&place, name, None), 2);
        assert!(error.contains(&format!("`{name}` is no device")) && error.contains("cuda:K"), "{error}");
    }
}
