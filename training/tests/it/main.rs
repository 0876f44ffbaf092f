//! Every integration test of data, reward model and training, in one binary: it links once.

mod configuration;
mod dataset;
mod parity;
mod pytorch;
mod runs;
mod tokenizer;
mod training;
#[cfg(unix)]
mod training_errors;
mod training_output;
#[cfg(unix)]
mod training_resume;
