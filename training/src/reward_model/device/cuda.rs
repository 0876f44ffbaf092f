//! CUDA, loaded while the program runs: nothing links to it, so that one binary serves machines with and without it.

use std::sync::OnceLock;

use super::DeviceError;

/// What the driver says of a GPU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Gpu {
    /// Its name.
    pub name: String,
    /// Its compute capability, such as (9, 0).
    pub capability: (i32, i32),
}

/// The GPUs that `CUDA_VISIBLE_DEVICES` leaves, with libtorch ready to use them.
///
/// The order matters. libtorch asks for its CUDA part once, and keeps the answer: where that part is not loaded when the first
/// question comes, there is no CUDA for the rest of the program.
pub(super) fn gpus() -> Result<&'static [Gpu], DeviceError> {
    found().as_deref().map_err(Clone::clone)
}

/// Why there are none.
pub(super) fn failure() -> Option<&'static DeviceError> {
    found().as_ref().err()
}

fn found() -> &'static Result<Vec<Gpu>, DeviceError> {
    static GPUS: OnceLock<Result<Vec<Gpu>, DeviceError>> = OnceLock::new();
    GPUS.get_or_init(find)
}

fn find() -> Result<Vec<Gpu>, DeviceError> {
    let gpus = driver::gpus()?;
    driver::load_torch()?;
    let count = usize::try_from(tch::Cuda::device_count()).unwrap_or(0);
    if !tch::Cuda::is_available() || count == 0 {
        return Err(DeviceError::Unusable);
    }
    Ok(gpus.into_iter().take(count).collect())
}

#[cfg(unix)]
mod driver {
    use std::ffi::{CStr, c_char, c_int, c_uint};

    use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_LOCAL, RTLD_NOW, Symbol};

    use super::{DeviceError, Gpu};

    /// Of `CUdevice_attribute`.
    const CAPABILITY: [c_int; 2] = [75, 76];
    /// `CUDA_ERROR_NO_DEVICE`.
    const NO_DEVICE: c_int = 100;

    /// What the driver's own library says: its interface does not change, and it heeds `CUDA_VISIBLE_DEVICES`.
    pub fn gpus() -> Result<Vec<Gpu>, DeviceError> {
        // SAFETY: the driver's library has no requirements on when it is loaded. It is never unloaded: libtorch uses it too.
        let library = unsafe { Library::open(Some("libcuda.so.1"), RTLD_NOW | RTLD_LOCAL) };
        let library: &'static Library = Box::leak(Box::new(library.map_err(|_| DeviceError::NoDriver)?));
        // SAFETY: the types are those of cuda.h, where they are fixed.
        unsafe {
            let init: Symbol<unsafe extern "C" fn(c_uint) -> c_int> = symbol(library, b"cuInit\0")?;
            let count: Symbol<unsafe extern "C" fn(*mut c_int) -> c_int> = symbol(library, b"cuDeviceGetCount\0")?;
            let get: Symbol<unsafe extern "C" fn(*mut c_int, c_int) -> c_int> = symbol(library, b"cuDeviceGet\0")?;
            let name: Symbol<unsafe extern "C" fn(*mut c_char, c_int, c_int) -> c_int> =
                symbol(library, b"cuDeviceGetName\0")?;
            let attribute: Symbol<unsafe extern "C" fn(*mut c_int, c_int, c_int) -> c_int> =
                symbol(library, b"cuDeviceGetAttribute\0")?;
            check("cuInit", init(0))?;
            let mut found = 0;
            check("cuDeviceGetCount", count(&mut found))?;
            let one = |index: c_int| {
                let mut device = 0;
                check("cuDeviceGet", get(&mut device, index))?;
                let mut text = [0 as c_char; 256];
                check("cuDeviceGetName", name(text.as_mut_ptr(), text.len() as c_int - 1, device))?;
                let mut capability = [0; 2];
                for (value, which) in capability.iter_mut().zip(CAPABILITY) {
                    check("cuDeviceGetAttribute", attribute(value, which, device))?;
                }
                // The last byte stays 0, whatever the driver wrote before it.
                let name = CStr::from_ptr(text.as_ptr()).to_string_lossy().into_owned();
                Ok(Gpu { name, capability: (capability[0], capability[1]) })
            };
            let gpus = (0..found).map(one).collect::<Result<Vec<_>, DeviceError>>()?;
            if gpus.is_empty() { Err(DeviceError::NoGpu) } else { Ok(gpus) }
        }
    }

    /// Makes CUDA's part of libtorch register its kernels.
    pub fn load_torch() -> Result<(), DeviceError> {
        // SAFETY: the library belongs to the libtorch that this program is linked to; its initialisers register kernels there.
        match unsafe { Library::open(Some("libtorch_cuda.so"), RTLD_NOW | RTLD_GLOBAL) } {
            // Kernels stay registered: it must never be unloaded.
            Ok(library) => {
                std::mem::forget(library);
                Ok(())
            }
            Err(error) => Err(DeviceError::NoTorch { reason: error.to_string() }),
        }
    }

    unsafe fn symbol<T>(library: &'static Library, name: &[u8]) -> Result<Symbol<T>, DeviceError> {
        // SAFETY: the caller gives the symbol's type.
        unsafe { library.get(name) }.map_err(|_| DeviceError::NoDriver)
    }

    fn check(call: &'static str, status: c_int) -> Result<(), DeviceError> {
        match status {
            0 => Ok(()),
            NO_DEVICE => Err(DeviceError::NoGpu),
            status => Err(DeviceError::Driver { call, status }),
        }
    }
}

#[cfg(not(unix))]
mod driver {
    use super::{DeviceError, Gpu};

    pub fn gpus() -> Result<Vec<Gpu>, DeviceError> {
        Err(DeviceError::NoDriver)
    }

    pub fn load_torch() -> Result<(), DeviceError> {
        Err(DeviceError::NoDriver)
    }
}
