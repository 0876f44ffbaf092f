//! What of libtorch the crate tch leaves out, through a few lines of C++ (`shim.cpp`).

#[cfg(test)]
mod count;
mod group;
mod nccl;

use std::ffi::{CStr, c_char, c_double, c_void};
use std::ptr;

use tch::{TchError, Tensor};

#[cfg(test)]
pub use count::{Work, count};
pub use group::{Group, Store};
#[cfg(test)]
pub use nccl::stub as nccl_stub;
pub use nccl::{GpuGroup, Nccl, NcclError, UniqueId};

unsafe extern "C" {
    fn reward_collapse_adamw(
        values: *mut c_void,
        gradient: *mut c_void,
        first: *mut c_void,
        second: *mut c_void,
        steps: *mut c_void,
        settings: *const c_double,
        divisor: *mut c_void,
    ) -> *mut c_char;
    fn reward_collapse_memory(device: i32, bytes: *mut i64) -> *mut c_char;
    fn reward_collapse_without_cudnn_attention() -> bool;
    fn reward_collapse_free(text: *mut c_char);
}

/// What `act` returns without keeping track of derivatives, as tch's function of this name, but that tracking goes on where `act` panics,
/// too ([`crate::guard`]).
pub fn no_grad<T>(act: impl FnOnce() -> T) -> T {
    let _until_the_end = tch::no_grad_guard();
    act()
}

/// The numbers of an AdamW step.
#[derive(Debug, Clone, Copy)]
pub struct AdamWSettings {
    /// The learning rate.
    pub learning_rate: f64,
    /// The decays of the mean of gradients, and of that of their squares.
    pub betas: [f64; 2],
    /// The weight decay.
    pub weight_decay: f64,
    /// What is added to the root of the mean of squares.
    pub epsilon: f64,
}

/// One step of AdamW on `values` in place, by libtorch's fused kernel: every number is read once and written once. `moments` are
/// changed too; `steps` is a tensor of one number, counting this step. The gradient is divided by `divisor`, in place on a GPU.
///
/// # Errors
/// Tensors of different sizes or kinds, and what libtorch says.
pub fn adamw(
    values: &Tensor,
    gradient: &Tensor,
    moments: [&Tensor; 2],
    steps: &Tensor,
    settings: AdamWSettings,
    divisor: Option<&Tensor>,
) -> Result<(), TchError> {
    // The kernel does not look.
    let [first, second] = moments;
    if [gradient, first, second].iter().any(|own| own.numel() != values.numel() || own.kind() != values.kind()) {
        return Err(TchError::Shape(
            "values, gradient and moments of AdamW must be of the same size and kind".to_owned(),
        ));
    }
    let AdamWSettings { learning_rate, betas, weight_decay, epsilon } = settings;
    let settings = [learning_rate, betas[0], betas[1], weight_decay, epsilon];
    let pointer = |tensor: &Tensor| tensor.as_ptr().cast::<c_void>().cast_mut();
    // SAFETY: each pointer is a tensor's that lives until the call ends; there are five settings, as the shim reads.
    outcome(unsafe {
        reward_collapse_adamw(
            pointer(values),
            pointer(gradient),
            pointer(first),
            pointer(second),
            pointer(steps),
            settings.as_ptr(),
            divisor.map_or(ptr::null_mut(), pointer),
        )
    })
}

/// Memory of a GPU, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// What this program's tensors take.
    pub taken: i64,
    /// The most that they took.
    pub peak: i64,
    /// What libtorch has of the system, in use or not.
    pub held: i64,
    /// What the system has left for anybody.
    pub free: i64,
    /// What there is.
    pub total: i64,
}

impl Memory {
    /// Asks libtorch. CUDA must have been loaded.
    ///
    /// # Errors
    /// What libtorch says where there is no such GPU.
    pub(crate) fn of_gpu(index: usize) -> Result<Self, TchError> {
        let mut bytes = [0; 5];
        // SAFETY: the shim writes five numbers.
        outcome(unsafe { reward_collapse_memory(i32::try_from(index).unwrap_or(-1), bytes.as_mut_ptr()) })?;
        let [taken, peak, held, free, total] = bytes;
        Ok(Self { taken, peak, held, free, total })
    }
}

/// Keeps `scaled_dot_product_attention` from cuDNN's kernel, whose backward pass with a mask is wrong for some lengths; whether it is off.
pub fn without_cudnn_attention() -> bool {
    // SAFETY: it sets a flag of libtorch, which is there as long as the program.
    unsafe { reward_collapse_without_cudnn_attention() }
}

fn outcome(text: *mut c_char) -> Result<(), TchError> {
    if text.is_null() {
        return Ok(());
    }
    // SAFETY: a text that the shim returns ends with a zero, and nobody else frees it.
    let said = unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned();
    // SAFETY: as above.
    unsafe { reward_collapse_free(text) };
    Err(TchError::Torch(said))
}

#[cfg(test)]
mod tests {
    use tch::{Device, Kind};

    use super::*;

    #[test]
    fn tensors_of_different_sizes_or_kinds_are_refused() {
        let settings = AdamWSettings { learning_rate: 0.1, betas: [0.9, 0.999], weight_decay: 0.0, epsilon: 1e-8 };
        let zeros = |size: i64, kind: Kind| Tensor::zeros([size], (kind, Device::Cpu));
        let (three, steps) = (zeros(3, Kind::Float), Tensor::from(1.0_f32));
        for other in [zeros(4, Kind::Float), zeros(3, Kind::Double)] {
            let error = adamw(&three, &other, [&three, &three], &steps, settings, None).unwrap_err().to_string();
            assert!(error.contains("same size"), "{error}");
        }
    }

    #[test]
    fn the_attention_of_cudnn_is_switched_off() {
        assert!(without_cudnn_attention());
    }

    #[test]
    fn the_memory_of_a_gpu_that_is_not_there_is_an_error() {
        assert!(Memory::of_gpu(99).is_err());
    }
}
