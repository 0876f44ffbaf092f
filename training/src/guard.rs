//! Calls into libraries that panic where they should return an error.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Once;

use tch::TchError;

/// What the library of tokenisers returns, and as an error what it says when it panics: it does so for some malformed files.
pub fn guarded<T>(call: impl FnOnce() -> tokenizers::Result<T>) -> Result<T, String> {
    caught(|_| true, call).and_then(|result| result.map_err(|error| error.to_string()))
}

/// What `call` returns, which uses tch's operations. Most of them panic where libtorch has an error, as for want of memory: it is
/// returned. Other panics go on.
///
/// # Errors
/// What libtorch says.
pub fn torch<T>(call: impl FnOnce() -> T) -> Result<T, TchError> {
    caught(|text| of_torch(text).is_some(), call).map_err(|text| TchError::Torch(of_torch(&text).unwrap_or(text)))
}

/// The error in the message of a panic of tch's, without libtorch's list of calls.
fn of_torch(message: &str) -> Option<String> {
    // As `Result::unwrap` has it, quoted and with escapes.
    let (_, quoted) = message.split_once("an `Err` value: Torch(\"")?;
    let line = quoted.split("\\n").next().unwrap_or(quoted);
    Some(line.trim_end_matches("\")").replace("\\\"", "\"").replace("\\'", "'"))
}

/// Whether a panic is expected, by its message.
type Expected = fn(&str) -> bool;

thread_local! {
    /// Which panics are expected on this thread.
    static EXPECTED: Cell<Option<Expected>> = const { Cell::new(None) };
}

/// The message of a panic of `call` that is `expected`; nothing is printed for it.
fn caught<T>(expected: Expected, call: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let former = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !EXPECTED.get().is_some_and(|expected| expected(message(panic.payload()))) {
                former(panic);
            }
        }));
    });
    let outer = EXPECTED.replace(Some(expected));
    let result = catch_unwind(AssertUnwindSafe(call));
    EXPECTED.set(outer);
    result.or_else(|panic| match message(panic.as_ref()) {
        text if expected(text) => Err(text.to_owned()),
        _ => resume_unwind(panic),
    })
}

fn message(panic: &(dyn Any + Send)) -> &str {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (None, Some(text)) => text,
        (None, None) => "it panicked",
    }
}

#[cfg(test)]
mod tests {
    use tch::{Device, Kind, Tensor};

    use super::*;

    #[test]
    fn an_error_of_libtorch_is_returned_in_one_line() {
        let two = |size: i64| Tensor::zeros([size], (Kind::Float, Device::Cpu));
        let error = torch(|| two(2) + two(3)).unwrap_err().to_string();
        assert!(error.contains("size of tensor a (2)") && !error.contains("frame #"), "{error}");
        // More than any machine has.
        let error = torch(|| Tensor::zeros([1 << 52], (Kind::Float, Device::Cpu))).unwrap_err().to_string();
        assert!(error.contains("you tried to allocate") && !error.contains('\n'), "{error}");
        assert_eq!(torch(|| 3).unwrap(), 3);
    }

    #[test]
    fn other_panics_go_on() {
        let text = "a slip";
        let panic = catch_unwind(|| torch(|| panic!("{text}"))).unwrap_err();
        assert_eq!(message(panic.as_ref()), text);
        // And they are told to whoever listens, within a guard and after it.
        assert!(EXPECTED.get().is_none());
    }

    #[test]
    fn guards_stand_within_each_other() {
        let said = guarded::<()>(|| {
            let inner = torch(|| Tensor::zeros([2], (Kind::Float, Device::Cpu)).get(7));
            panic!("{}", inner.is_err())
        });
        assert_eq!(said.unwrap_err(), "true");
    }
}
