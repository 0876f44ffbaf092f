//! Sums over GPUs of several processes, by NVIDIA's NCCL. CUDA's part of libtorch brings its library along. Nothing links to it: it is
//! looked for when ranks that compute on GPUs meet.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::path::Path;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use libloading::Library;
use tch::{Kind, Tensor};
use thiserror::Error;

use super::no_grad;

/// The name by which libtorch finds it, too.
const LIBRARY: &str = "libnccl.so.2";
/// Bytes of what processes must know to meet.
const ID_BYTES: usize = 128;
/// `ncclSum`.
const SUM: c_int = 0;

/// Why NCCL does not serve.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NcclError {
    /// No library, or another one.
    #[error("{0}")]
    Library(String),
    /// What NCCL says of an operation.
    #[error("NCCL says of {operation}: {reason}")]
    Operation {
        /// The function.
        operation: &'static str,
        /// The error in words.
        reason: String,
    },
    /// A tensor that NCCL does not take.
    #[error("NCCL does not add tensors of {0:?}")]
    Kind(Kind),
}

/// `ncclUniqueId`: what the first process makes, and the others get from it to meet.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct UniqueId([c_char; ID_BYTES]);

impl UniqueId {
    /// As text, for a store.
    pub fn to_text(self) -> String {
        self.0.iter().map(|byte| format!("{:02x}", byte.cast_unsigned())).collect()
    }

    /// From such text; nothing where it is not of this form.
    pub fn from_text(text: &str) -> Option<Self> {
        let mut id = Self([0; ID_BYTES]);
        if text.len() != 2 * ID_BYTES || !text.is_ascii() {
            return None;
        }
        for (place, byte) in id.0.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * place..2 * place + 2], 16).ok()?.cast_signed();
        }
        Some(id)
    }
}

type Communicator = *mut c_void;
type Stream = *mut c_void;

/// The functions of NCCL 2 that are used.
struct Functions {
    unique_id: unsafe extern "C" fn(*mut UniqueId) -> c_int,
    init_rank: unsafe extern "C" fn(*mut Communicator, c_int, UniqueId, c_int) -> c_int,
    all_reduce: unsafe extern "C" fn(*const c_void, *mut c_void, usize, c_int, c_int, Communicator, Stream) -> c_int,
    broadcast: unsafe extern "C" fn(*const c_void, *mut c_void, usize, c_int, c_int, Communicator, Stream) -> c_int,
    abort: unsafe extern "C" fn(Communicator) -> c_int,
    error_string: unsafe extern "C" fn(c_int) -> *const c_char,
    // After the functions, which are of no use without it.
    _library: Library,
}

impl Functions {
    fn check(&self, operation: &'static str, result: c_int) -> Result<(), NcclError> {
        if result == 0 {
            return Ok(());
        }
        // SAFETY: it returns a text that is always there.
        let text = unsafe { (self.error_string)(result) };
        let reason = match text.is_null() {
            true => format!("error {result}"),
            // SAFETY: as above.
            false => unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned(),
        };
        Err(NcclError::Operation { operation, reason })
    }
}

/// NCCL's library.
pub struct Nccl(Functions);

impl Nccl {
    /// Looks for the library, where `folder` says or where the system does.
    ///
    /// # Errors
    /// [`NcclError::Library`].
    pub fn load(folder: Option<&Path>) -> Result<Self, NcclError> {
        let name = folder.map_or_else(|| LIBRARY.into(), |folder| folder.join(LIBRARY));
        let missing = |error: libloading::Error| {
            let text = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
            NcclError::Library(text.lines().next().unwrap_or_default().trim().to_owned())
        };
        // SAFETY: the library is NVIDIA's, and the functions have had these forms since NCCL 2.
        unsafe {
            let library = Library::new(name).map_err(missing)?;
            Ok(Self(Functions {
                unique_id: *library.get("ncclGetUniqueId").map_err(missing)?,
                init_rank: *library.get("ncclCommInitRank").map_err(missing)?,
                all_reduce: *library.get("ncclAllReduce").map_err(missing)?,
                broadcast: *library.get("ncclBroadcast").map_err(missing)?,
                abort: *library.get("ncclCommAbort").map_err(missing)?,
                error_string: *library.get("ncclGetErrorString").map_err(missing)?,
                _library: library,
            }))
        }
    }

    /// Makes what processes must know to meet.
    ///
    /// # Errors
    /// [`NcclError::Operation`].
    pub fn unique_id(&self) -> Result<UniqueId, NcclError> {
        let mut id = UniqueId([0; ID_BYTES]);
        // SAFETY: it writes such an id.
        self.0.check("ncclGetUniqueId", unsafe { (self.0.unique_id)(&raw mut id) })?;
        Ok(id)
    }

    /// Meets the other processes that have the same `id`, each with a GPU of its own: `gpu`, which is from then on this thread's. Waits
    /// for all.
    ///
    /// # Errors
    /// [`NcclError::Operation`], such as of two processes with the same GPU.
    pub fn join(self, id: UniqueId, rank: usize, size: usize, gpu: Option<usize>) -> Result<GpuGroup, NcclError> {
        if let Some(gpu) = gpu {
            select(gpu)?;
        }
        let number = |of: usize| c_int::try_from(of).map_err(|error| NcclError::Library(error.to_string()));
        let mut communicator = ptr::null_mut();
        // SAFETY: it writes a pointer.
        let result = unsafe { (self.0.init_rank)(&raw mut communicator, number(size)?, id, number(rank)?) };
        self.0.check("ncclCommInitRank", result)?;
        Ok(GpuGroup { functions: self.0, communicator: AtomicPtr::new(communicator) })
    }
}

/// NCCL takes the GPU that the thread has.
fn select(gpu: usize) -> Result<(), NcclError> {
    type SetDevice = unsafe extern "C" fn(c_int) -> c_int;
    let failed = |reason: String| NcclError::Library(format!("cudaSetDevice: {reason}"));
    let index = c_int::try_from(gpu).map_err(|error| failed(error.to_string()))?;
    #[cfg(unix)]
    {
        let loaded = libloading::os::unix::Library::this();
        // SAFETY: the function has had this form in every version of CUDA, whose library libtorch's has loaded.
        let set = unsafe { loaded.get::<SetDevice>("cudaSetDevice") }.map_err(|error| failed(error.to_string()))?;
        // SAFETY: as above.
        match unsafe { set(index) } {
            0 => Ok(()),
            code => Err(failed(format!("error {code}"))),
        }
    }
    #[cfg(not(unix))]
    Err(failed("CUDA is known only on Linux".to_owned()))
}

/// Processes that add up tensors of their GPUs. All do the same operations in the same order. An operation is queued where libtorch queues
/// its own, on the default stream, so that it sees what was computed before, and what comes later sees its sum.
pub struct GpuGroup {
    functions: Functions,
    /// Null once it is aborted.
    communicator: AtomicPtr<c_void>,
}

impl std::fmt::Debug for GpuGroup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GpuGroup").finish_non_exhaustive()
    }
}

impl GpuGroup {
    /// The sum over all processes takes the place of the tensor's values.
    ///
    /// # Errors
    /// [`NcclError`].
    pub fn sum(&self, tensor: &mut Tensor) -> Result<(), NcclError> {
        self.in_place("ncclAllReduce", tensor, |values, count, kind, communicator| {
            // SAFETY: `values` is a tensor's memory of so many numbers, which is read and written.
            unsafe { (self.functions.all_reduce)(values, values, count, kind, SUM, communicator, ptr::null_mut()) }
        })
    }

    /// The values of the first process take the place of the tensor's.
    ///
    /// # Errors
    /// [`NcclError`].
    pub fn broadcast(&self, tensor: &mut Tensor) -> Result<(), NcclError> {
        self.in_place("ncclBroadcast", tensor, |values, count, kind, communicator| {
            // SAFETY: as for a sum; 0 is the first process.
            unsafe { (self.functions.broadcast)(values, values, count, kind, 0, communicator, ptr::null_mut()) }
        })
    }

    /// Ends whatever operation waits for another process, on whichever thread. Nothing can be added up afterwards.
    pub fn abort(&self) {
        let communicator = self.communicator.swap(ptr::null_mut(), Ordering::AcqRel);
        if !communicator.is_null() {
            // SAFETY: nobody else gets the communicator any more. NCCL wants this called while an operation hangs on another thread.
            let _ = unsafe { (self.functions.abort)(communicator) };
        }
    }

    fn in_place(
        &self,
        operation: &'static str,
        tensor: &mut Tensor,
        act: impl Fn(*mut c_void, usize, c_int, Communicator) -> c_int,
    ) -> Result<(), NcclError> {
        let kind = data_type(tensor.kind()).ok_or(NcclError::Kind(tensor.kind()))?;
        let communicator = self.communicator.load(Ordering::Acquire);
        if communicator.is_null() {
            return Err(NcclError::Operation { operation, reason: "it was aborted".to_owned() });
        }
        // NCCL takes memory without gaps.
        let whole = tensor.contiguous();
        self.functions.check(operation, act(whole.data_ptr(), whole.numel(), kind, communicator))?;
        if whole.data_ptr() != tensor.data_ptr() {
            no_grad(|| tensor.copy_(&whole));
        }
        Ok(())
    }
}

impl Drop for GpuGroup {
    fn drop(&mut self) {
        self.abort();
    }
}

/// `ncclDataType_t`.
fn data_type(kind: Kind) -> Option<c_int> {
    match kind {
        Kind::Int64 => Some(4),
        Kind::Half => Some(6),
        Kind::Float => Some(7),
        Kind::Double => Some(8),
        Kind::BFloat16 => Some(9),
        _ => None,
    }
}

/// A folder with a library in the place of NCCL's, which adds up memory of the CPU; none without a C compiler, which is said.
#[cfg(test)]
pub fn stub() -> Option<tempfile::TempDir> {
    let folder = tempfile::tempdir().unwrap();
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/cuda/libnccl.c");
    let mut compiler = std::process::Command::new("cc");
    compiler.args(["-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o"]);
    let Ok(output) = compiler.arg(folder.path().join(LIBRARY)).arg(source).output() else {
        eprintln!("not tested: there is no C compiler");
        return None;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(folder)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;
    use std::time::Duration;

    use tch::Device;

    use super::*;

    #[test]
    fn an_id_goes_through_a_text() {
        let id = UniqueId(std::array::from_fn(|place| (place as u8).wrapping_mul(3).cast_signed()));
        let text = id.to_text();
        assert!(UniqueId::from_text(&text).unwrap().0 == id.0 && text.len() == 256);
        for wrong in ["", "00", &text[1..], &text.replace('3', "g"), &"\u{e4}".repeat(128)] {
            assert!(UniqueId::from_text(wrong).is_none(), "{wrong}");
        }
    }

    /// As the watch does where another process is gone.
    #[test]
    fn a_sum_that_waits_for_ever_ends_by_an_abort() {
        let Some(stub) = stub() else { return };
        let id = Nccl::load(Some(stub.path())).unwrap().unique_id().unwrap();
        let ranks = [0, 1].map(|rank| {
            let nccl = Nccl::load(Some(stub.path())).unwrap();
            thread::spawn(move || nccl.join(id, rank, 2, None).unwrap())
        });
        let [first, _other] = ranks.map(|rank| Arc::new(rank.join().unwrap()));
        let waiting = first.clone();
        let sum = thread::spawn(move || waiting.sum(&mut Tensor::zeros([3], (Kind::Float, Device::Cpu))));
        thread::sleep(Duration::from_millis(50));
        assert!(!sum.is_finished());
        first.abort();
        let error = sum.join().unwrap().unwrap_err().to_string();
        assert!(error.starts_with("NCCL says of ncclAllReduce: "), "{error}");
        let error = first.sum(&mut Tensor::zeros([3], (Kind::Float, Device::Cpu))).unwrap_err().to_string();
        assert!(error.ends_with("it was aborted"), "{error}");
    }

    #[test]
    fn a_kind_without_a_number_is_refused() {
        let Some(stub) = stub() else { return };
        let nccl = Nccl::load(Some(stub.path())).unwrap();
        let id = nccl.unique_id().unwrap();
        let alone = nccl.join(id, 0, 1, None).unwrap();
        assert_eq!(alone.sum(&mut Tensor::zeros([1], (Kind::Bool, Device::Cpu))), Err(NcclError::Kind(Kind::Bool)));
        let error = NcclError::Kind(Kind::Bool).to_string();
        assert_eq!(error, "NCCL does not add tensors of Bool");
        assert!(Nccl::load(Some(Path::new("/nowhere"))).is_err());
    }
}
