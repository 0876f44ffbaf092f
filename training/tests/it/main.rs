//! Every integration test of data, reward model and training, in one binary: it links once.

mod activations;
mod configuration;
mod dataset;
#[cfg(unix)]
mod device;
#[cfg(target_os = "linux")]
mod gpu_script;
#[cfg(unix)]
mod hub;
mod lengths;
mod parity;
mod preferences;
mod python_losses;
mod pytorch;
#[cfg(target_os = "linux")]
mod ranks;
mod runs;
mod shards;
mod tokenizer;
mod training;
#[cfg(unix)]
mod training_errors;
mod training_output;
#[cfg(unix)]
mod training_resume;
