//! How long texts may be.

use super::ModelError;

/// The length to which texts are cut for a model that takes sequences of at most `longest` tokens: what was asked for, and
/// where nothing was, `usual` or `longest`, whichever is smaller. Where the model's limit decides, a sentence says so.
///
/// # Errors
/// [`ModelError::MaxLength`] where more was asked for than the model takes.
pub fn max_length(
    asked: Option<usize>,
    usual: usize,
    longest: Option<usize>,
) -> Result<(usize, Option<String>), ModelError> {
    match (asked, longest) {
        (Some(asked), Some(longest)) if asked > longest => Err(ModelError::MaxLength { asked, longest }),
        (None, Some(longest)) if usual > longest => {
            let said = format!("texts are cut to {longest} tokens, not to {usual}: the model takes no more");
            Ok((longest, Some(said)))
        }
        _ => Ok((asked.unwrap_or(usual), None)),
    }
}

#[cfg(test)]
mod tests {
    use super::max_length;

    #[test]
    fn the_models_limit_bounds_the_usual_length_and_refuses_a_greater_one() {
        for (asked, longest, length) in
            [(None, None, 512), (Some(4096), None, 4096), (None, Some(512), 512), (Some(128), Some(128), 128)]
        {
            assert_eq!(max_length(asked, 512, longest).unwrap(), (length, None));
        }
        let (length, said) = max_length(None, 512, Some(128)).unwrap();
        assert_eq!(
            (length, said.unwrap().as_str()),
            (128, "texts are cut to 128 tokens, not to 512: the model takes no more")
        );
        let error = max_length(Some(129), 512, Some(128)).unwrap_err().to_string();
        assert!(error.contains("129") && error.contains("128"), "{error}");
    }
}
