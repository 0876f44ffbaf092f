//! The NVIDIA driver's own interface, `libcuda.so.1`: what GPUs are called and what they can do.
//!
//! Its functions never change their form, it counts devices as CUDA does, `CUDA_VISIBLE_DEVICES` included, and it needs no
//! program on the path. It is loaded only where CUDA may be used.

use std::sync::OnceLock;

use super::DeviceError;

/// A driver that has begun to work.
#[derive(Debug)]
pub(super) struct Driver {
    #[cfg(unix)]
    library: unix::Library,
}

impl Driver {
    /// The driver, loaded and started by whoever asks first.
    pub fn start() -> Result<&'static Self, DeviceError> {
        static DRIVER: OnceLock<Result<Driver, DeviceError>> = OnceLock::new();
        DRIVER.get_or_init(Self::open).as_ref().map_err(Clone::clone)
    }
}

#[cfg(not(unix))]
impl Driver {
    fn open() -> Result<Self, DeviceError> {
        Err(DeviceError::NoDriver { reason: "CUDA is known only on Linux".to_owned() })
    }

    pub fn version(&self) -> Option<i32> {
        None
    }

    pub fn name(&self, _index: usize) -> Option<String> {
        None
    }

    pub fn capability(&self, _index: usize) -> Result<(i32, i32), DeviceError> {
        Err(DeviceError::Unseen)
    }
}

#[cfg(unix)]
mod unix {
    use std::ffi::{CStr, c_char, c_int, c_uint};

    pub use libloading::os::unix::Library;

    use super::{DeviceError, Driver};

    /// `CUDA_ERROR_NO_DEVICE`.
    const NO_DEVICE: c_int = 100;
    /// `CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR` and `_MINOR`.
    const CAPABILITY: [c_int; 2] = [75, 76];
    /// Longer than any GPU's name.
    const NAME: usize = 256;

    type Init = unsafe extern "C" fn(c_uint) -> c_int;
    type DriverGetVersion = unsafe extern "C" fn(*mut c_int) -> c_int;
    type DeviceGet = unsafe extern "C" fn(*mut c_int, c_int) -> c_int;
    type DeviceGetName = unsafe extern "C" fn(*mut c_char, c_int, c_int) -> c_int;
    type DeviceGetAttribute = unsafe extern "C" fn(*mut c_int, c_int, c_int) -> c_int;

    /// What a function of the driver gave, with 0 for success.
    fn check(call: &'static str, code: c_int) -> Result<(), DeviceError> {
        match code {
            0 => Ok(()),
            NO_DEVICE => {
                let limit = std::env::var("CUDA_VISIBLE_DEVICES");
                let hint = limit.map_or_else(|_| String::new(), |text| format!(" (CUDA_VISIBLE_DEVICES is `{text}`)"));
                Err(DeviceError::NoGpu { hint })
            }
            code => Err(DeviceError::Driver { call, code }),
        }
    }

    impl Driver {
        pub(super) fn open() -> Result<Self, DeviceError> {
            // SAFETY: what the driver does when it is loaded and unloaded is made for any program.
            let library = unsafe { Library::new("libcuda.so.1") };
            let library = library.map_err(|error| DeviceError::NoDriver { reason: super::super::said(&error) })?;
            let driver = Self { library };
            let init: Init = driver.function("cuInit")?;
            // SAFETY: the interface of the driver says so.
            check("cuInit", unsafe { init(0) })?;
            Ok(driver)
        }

        /// A function of the driver, with the type that its interface gives it.
        fn function<T: Copy>(&self, name: &'static str) -> Result<T, DeviceError> {
            // SAFETY: `T` is one of the types above, and the driver keeps the form of its functions.
            let function = unsafe { self.library.get::<T>(name) };
            function
                .map(|function| *function)
                .map_err(|error| DeviceError::NoDriver { reason: super::super::said(&error) })
        }

        /// The newest CUDA that the driver supports: 12040 for 12.4.
        pub fn version(&self) -> Option<i32> {
            let get: DriverGetVersion = self.function("cuDriverGetVersion").ok()?;
            let mut version = 0;
            // SAFETY: it writes one integer.
            (unsafe { get(&raw mut version) } == 0 && version > 0).then_some(version)
        }

        /// The device with the number `index`, as the driver knows it.
        fn device(&self, index: usize) -> Result<c_int, DeviceError> {
            let get: DeviceGet = self.function("cuDeviceGet")?;
            let mut device = 0;
            // SAFETY: it writes one integer.
            check("cuDeviceGet", unsafe { get(&raw mut device, c_int::try_from(index).unwrap_or(-1)) })?;
            Ok(device)
        }

        /// What the device is called.
        pub fn name(&self, index: usize) -> Option<String> {
            let device = self.device(index).ok()?;
            let get: DeviceGetName = self.function("cuDeviceGetName").ok()?;
            let mut name = [0_u8; NAME];
            // SAFETY: it writes at most so many bytes, the last of them 0.
            check("cuDeviceGetName", unsafe { get(name.as_mut_ptr().cast(), NAME as c_int, device) }).ok()?;
            let name = CStr::from_bytes_until_nul(&name).ok()?.to_string_lossy().trim().to_owned();
            Some(name).filter(|name| !name.is_empty())
        }

        /// The device's compute capability: (8, 0) is 8.0.
        pub fn capability(&self, index: usize) -> Result<(i32, i32), DeviceError> {
            let device = self.device(index)?;
            let get: DeviceGetAttribute = self.function("cuDeviceGetAttribute")?;
            let mut values = [0; 2];
            for (value, attribute) in values.iter_mut().zip(CAPABILITY) {
                // SAFETY: it writes one integer.
                check("cuDeviceGetAttribute", unsafe { get(value, attribute, device) })?;
            }
            Ok((values[0], values[1]))
        }
    }
}
