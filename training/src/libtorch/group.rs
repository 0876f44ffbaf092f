//! Processes that compute together, by torch's c10d (`group.cpp`).

use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr;
use std::time::Duration;

use tch::{TchError, Tensor};

use super::{outcome, reward_collapse_free};

unsafe extern "C" {
    fn reward_collapse_store_new(
        host: *const c_char,
        port: u16,
        serves: bool,
        prefix: *const c_char,
        milliseconds: i64,
        made: *mut *mut c_void,
    ) -> *mut c_char;
    fn reward_collapse_store_clone(own: *const c_void, made: *mut *mut c_void) -> *mut c_char;
    fn reward_collapse_store_free(own: *mut c_void);
    fn reward_collapse_store_set(own: *const c_void, key: *const c_char, value: *const c_char) -> *mut c_char;
    fn reward_collapse_store_get(
        own: *const c_void,
        key: *const c_char,
        milliseconds: i64,
        value: *mut *mut c_char,
    ) -> *mut c_char;
    fn reward_collapse_store_has(own: *const c_void, key: *const c_char, has: *mut bool) -> *mut c_char;
    fn reward_collapse_store_count(own: *const c_void, key: *const c_char, count: *mut i64) -> *mut c_char;
    fn reward_collapse_group_new(
        own: *const c_void,
        rank: i32,
        size: i32,
        loopback: bool,
        milliseconds: i64,
        made: *mut *mut c_void,
    ) -> *mut c_char;
    fn reward_collapse_group_free(own: *mut c_void);
    fn reward_collapse_group_sum(own: *const c_void, tensor: *mut c_void) -> *mut c_char;
    fn reward_collapse_group_broadcast(own: *const c_void, tensor: *mut c_void) -> *mut c_char;
}

/// Texts by key, which one process keeps and others reach over the network. An operation waits for another of the same store.
#[derive(Debug)]
pub struct Store(*mut c_void);

// SAFETY: c10d's stores lock themselves.
unsafe impl Send for Store {}
// SAFETY: as above.
unsafe impl Sync for Store {}

impl Store {
    /// Keeps the store at `port` of this machine where it `serves`, or finds the one at `port` of `host` within `patience`. All keys are
    /// below `prefix`.
    ///
    /// # Errors
    /// What libtorch says: an address in use, nobody there.
    pub fn new(host: &str, port: u16, serves: bool, prefix: &str, patience: Duration) -> Result<Self, TchError> {
        let (host, prefix, mut made) = (text(host)?, text(prefix)?, ptr::null_mut());
        // SAFETY: both texts live until the call ends.
        outcome(unsafe {
            reward_collapse_store_new(
                host.as_ptr(),
                port,
                serves,
                prefix.as_ptr(),
                milliseconds(patience),
                &raw mut made,
            )
        })?;
        Ok(Self(made))
    }

    /// The same store by a connection of its own.
    ///
    /// # Errors
    /// What libtorch says.
    pub fn again(&self) -> Result<Self, TchError> {
        let mut made = ptr::null_mut();
        // SAFETY: the pointer is a store's.
        outcome(unsafe { reward_collapse_store_clone(self.0, &raw mut made) })?;
        Ok(Self(made))
    }

    /// Gives a key a value, without zeros in it.
    ///
    /// # Errors
    /// What libtorch says, such as of a connection that is lost.
    pub fn set(&self, key: &str, value: &str) -> Result<(), TchError> {
        let (key, value) = (text(key)?, text(value)?);
        // SAFETY: the pointers live until the call ends.
        outcome(unsafe { reward_collapse_store_set(self.0, key.as_ptr(), value.as_ptr()) })
    }

    /// The value of a key, for which it waits.
    ///
    /// # Errors
    /// As [`Store::set`], and after so much time.
    pub fn get(&self, key: &str, patience: Duration) -> Result<String, TchError> {
        let (key, mut value) = (text(key)?, ptr::null_mut());
        // SAFETY: the pointers live until the call ends.
        outcome(unsafe { reward_collapse_store_get(self.0, key.as_ptr(), milliseconds(patience), &raw mut value) })?;
        // SAFETY: a text that the shim returns ends with a zero, and nobody else frees it.
        let found = unsafe { CStr::from_ptr(value) }.to_string_lossy().into_owned();
        // SAFETY: as above.
        unsafe { reward_collapse_free(value) };
        Ok(found)
    }

    /// Whether a key has a value.
    ///
    /// # Errors
    /// As [`Store::set`].
    pub fn has(&self, key: &str) -> Result<bool, TchError> {
        let (key, mut has) = (text(key)?, false);
        // SAFETY: the pointers live until the call ends.
        outcome(unsafe { reward_collapse_store_has(self.0, key.as_ptr(), &raw mut has) })?;
        Ok(has)
    }

    /// Adds one to a counter and returns what it is then.
    ///
    /// # Errors
    /// As [`Store::set`].
    pub fn count(&self, key: &str) -> Result<i64, TchError> {
        let (key, mut count) = (text(key)?, 0);
        // SAFETY: the pointers live until the call ends.
        outcome(unsafe { reward_collapse_store_count(self.0, key.as_ptr(), &raw mut count) })?;
        Ok(count)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // SAFETY: the shim made it, and nobody has it any more.
        unsafe { reward_collapse_store_free(self.0) };
    }
}

/// Processes that add tensors of the CPU up. All do the same operations in the same order.
#[derive(Debug)]
pub struct Group(*mut c_void);

// SAFETY: c10d's groups may be used by any thread; that all ranks do the same in the same order is the caller's concern, not memory's.
unsafe impl Send for Group {}
// SAFETY: as above.
unsafe impl Sync for Group {}

impl Group {
    /// Joins the group of `size` processes that meet in `store`, on this machine alone where it is `loopback`. No operation takes longer
    /// than `patience`.
    ///
    /// # Errors
    /// What libtorch says.
    pub fn new(store: &Store, rank: usize, size: usize, loopback: bool, patience: Duration) -> Result<Self, TchError> {
        let number = |of: usize| i32::try_from(of).map_err(|error| TchError::Torch(error.to_string()));
        let mut made = ptr::null_mut();
        // SAFETY: the pointer is a store's.
        outcome(unsafe {
            reward_collapse_group_new(
                store.0,
                number(rank)?,
                number(size)?,
                loopback,
                milliseconds(patience),
                &raw mut made,
            )
        })?;
        Ok(Self(made))
    }

    /// The sum over all processes takes the place of the tensor's values.
    ///
    /// # Errors
    /// What libtorch says, such as of a process that is gone.
    pub fn sum(&self, tensor: &mut Tensor) -> Result<(), TchError> {
        // SAFETY: the pointer is a tensor's that lives until the call ends, when the operation is done.
        outcome(unsafe { reward_collapse_group_sum(self.0, tensor.as_mut_ptr().cast()) })
    }

    /// The values of the first process take the place of the tensor's.
    ///
    /// # Errors
    /// As [`Group::sum`].
    pub fn broadcast(&self, tensor: &mut Tensor) -> Result<(), TchError> {
        // SAFETY: as above.
        outcome(unsafe { reward_collapse_group_broadcast(self.0, tensor.as_mut_ptr().cast()) })
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // SAFETY: the shim made it, and nobody has it any more.
        unsafe { reward_collapse_group_free(self.0) };
    }
}

fn text(text: &str) -> Result<CString, TchError> {
    CString::new(text).map_err(|error| TchError::Torch(error.to_string()))
}

fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
