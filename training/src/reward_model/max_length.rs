//! How long texts may be.

use super::ModelError;

/// The length to which texts are cut for a model that takes sequences of at most `longest` tokens: what was asked for, and
/// where nothing was, `usual` or `longest`, whichever is smaller. `warn` is told where the model's limit decides.
///
/// # Errors
/// [`ModelError::MaxLength`] where more was asked for than the model takes.
pub fn max_length(
    asked: Option<usize>,
    usual: usize,
    longest: Option<usize>,
    warn: &dyn Fn(&str),
) -> Result<usize, ModelError> {
    match (asked, longest) {
        (Some(asked), Some(longest)) if asked > longest => Err(ModelError::MaxLength { asked, longest }),
        (None, Some(longest)) if usual > longest => {
            warn(&format!("texts are cut to {longest} tokens, not to {usual}: the model takes no more"));
            Ok(longest)
        }
        _ => Ok(asked.unwrap_or(usual)),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn the_models_limit_bounds_the_usual_length_and_refuses_a_greater_one() {
        let said = RefCell::new(Vec::new());
        let length =
            |asked, longest| max_length(asked, 512, longest, &|text: &str| said.borrow_mut().push(text.to_owned()));
        assert_eq!(length(None, None).unwrap(), 512);
        assert_eq!(length(Some(4096), None).unwrap(), 4096);
        assert_eq!(length(None, Some(512)).unwrap(), 512);
        assert_eq!(length(Some(128), Some(128)).unwrap(), 128);
        assert!(said.borrow().is_empty());
        assert_eq!(length(None, Some(128)).unwrap(), 128);
        assert_eq!(*said.borrow(), ["texts are cut to 128 tokens, not to 512: the model takes no more"]);
        let error = length(Some(129), Some(128)).unwrap_err().to_string();
        assert!(error.contains("129") && error.contains("128"), "{error}");
        assert_eq!(said.borrow().len(), 1);
    }
}
