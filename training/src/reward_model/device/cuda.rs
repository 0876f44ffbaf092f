//! CUDA's part of libtorch. Nothing links to it, so that one program serves machines with and without it.

use tch::Cuda;

use super::DeviceError;
use super::driver::Driver;
use crate::libtorch;

/// Loads CUDA and counts its devices: at least one. With `index`, that one must be among them.
///
/// libtorch looks for CUDA the first time that anybody asks, and keeps what it finds for good, so its library has to be there
/// before. The driver comes first: without it the library is of no use, and loading it takes seconds.
pub(super) fn find(index: usize) -> Result<&'static Driver, DeviceError> {
    let driver = Driver::start()?;
    load()?;
    libtorch::without_cudnn_attention();
    check_version(driver)?;
    match usize::try_from(Cuda::device_count()).unwrap_or(0) {
        0 => Err(DeviceError::Unseen),
        count if index >= count => Err(DeviceError::Index { index, count }),
        _ => Ok(driver),
    }
}

/// A newer CUDA than the driver's works only within its major version. libtorch would see no GPU, and tell why in a warning
/// of its own.
fn check_version(driver: &Driver) -> Result<(), DeviceError> {
    match (driver.version(), runtime_version()) {
        (Some(driver), Some(runtime)) if driver / 1000 < runtime / 1000 => {
            let shown = |version: i32| format!("{}.{}", version / 1000, version % 1000 / 10);
            Err(DeviceError::OldDriver { driver: shown(driver), needed: shown(runtime) })
        }
        _ => Ok(()),
    }
}

#[cfg(unix)]
fn load() -> Result<(), DeviceError> {
    use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW};
    let name = "libtorch_cuda.so";
    // SAFETY: the library belongs to the libtorch that this program is linked to; its initialisers register kernels there.
    let library = unsafe { Library::open(Some(name), RTLD_NOW | RTLD_GLOBAL) };
    match library {
        // Kernels stay registered: it must never be unloaded.
        Ok(library) => {
            std::mem::forget(library);
            Ok(())
        }
        Err(error) => {
            let reason = super::said(&error);
            // It names the file that is missing, which may be one that the library needs.
            let absent = reason.starts_with(name) && reason.contains("cannot open shared object file");
            Err(if absent { DeviceError::NoLibrary { reason } } else { DeviceError::Library { reason } })
        }
    }
}

#[cfg(not(unix))]
fn load() -> Result<(), DeviceError> {
    Err(DeviceError::Library { reason: "CUDA is known only on Linux".to_owned() })
}

/// The CUDA that libtorch brings along: 13000 for 13.0; none where it cannot be told.
#[cfg(unix)]
fn runtime_version() -> Option<i32> {
    use libloading::os::unix::Library;
    use std::ffi::c_int;
    type RuntimeGetVersion = unsafe extern "C" fn(*mut c_int) -> c_int;
    let loaded = Library::this();
    // SAFETY: the function has had this form in every version of CUDA.
    let get = unsafe { loaded.get::<RuntimeGetVersion>("cudaRuntimeGetVersion") }.ok()?;
    let mut version = 0;
    // SAFETY: it writes one integer.
    (unsafe { get(&raw mut version) } == 0 && version > 0).then_some(version)
}

#[cfg(not(unix))]
fn runtime_version() -> Option<i32> {
    None
}
