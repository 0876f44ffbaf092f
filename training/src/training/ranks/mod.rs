//! Several processes that train one model: each computes the gradient of its share of a step's prompts, and they add them up.
//!
//! A launcher such as `torchrun --no-python` starts the processes and tells each its place by [variables](Environment). They meet in
//! the store of torch's c10d. NCCL adds up tensors of GPUs, and c10d's gloo all others. Every process watches the others: one that ends
//! or falls silent ends all.

mod environment;
mod error;
mod watch;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tch::{Device, TchError, Tensor};

use super::TrainingError;
use crate::libtorch::{GpuGroup, Group, Nccl, NcclError, Store, UniqueId, no_grad};
use watch::Watch;

pub use environment::Environment;
pub use error::RanksError;

/// How long processes wait for each other at the start.
pub const PATIENCE: Duration = Duration::from_secs(120);
/// The longest that one may compute or write while the others wait; whether it lives is watched apart from that.
const WORK: Duration = Duration::from_secs(24 * 3600);
/// Where the first process says how NCCL's processes meet.
const NCCL: &str = "nccl";
/// How long the first process, which keeps the store, waits for the others to read why it ends.
const FAREWELL: Duration = Duration::from_secs(5);

/// A process among those that train together, or alone.
#[derive(Debug)]
pub struct Ranks {
    rank: usize,
    size: usize,
    local_rank: usize,
    joined: Option<Joined>,
}

#[derive(Debug)]
struct Joined {
    // Dropped in this order: the watch has a store of its own, and a group works with that of its process.
    watch: Watch,
    group: Group,
    store: Store,
    /// Once the devices are known, where NCCL serves all processes.
    gpus: Arc<OnceLock<OnGpus>>,
}

/// What adds up the tensors of a device.
#[derive(Debug)]
struct OnGpus {
    device: Device,
    group: GpuGroup,
}

impl Ranks {
    /// A process that trains by itself.
    pub fn alone() -> Self {
        Self { rank: 0, size: 1, local_rank: 0, joined: None }
    }

    /// Meets the other processes that `environment` tells of; `None` is alone.
    ///
    /// # Errors
    /// [`RanksError`]: processes that do not come within `patience`, two of the same rank, other builds of the program.
    pub fn join(environment: Option<Environment>, patience: Duration) -> Result<Self, RanksError> {
        let Some(environment) = environment else { return Ok(Self::alone()) };
        let Environment { rank, size, local_rank, ref host, port, launcher_serves, restarts } = environment;
        let address = format!("{host}:{port}");
        let refuse = |reason: String| RanksError::Join { rank, size, address: address.clone(), reason };
        let failed = |error: TchError| refuse(brief(&error));
        let serves = rank == 0 && !launcher_serves;
        // A launcher's store outlives the processes that it starts again.
        let store = Store::new(host, port, serves, &format!("reward-collapse-{restarts}"), patience);
        let store = store.map_err(|error| match serves {
            true => refuse(format!("it cannot keep the store there ({})", brief(&error))),
            false => refuse(format!("rank 0 does not answer there within {} s", patience.as_secs())),
        })?;
        if store.count(&format!("rank/{rank}")).map_err(failed)? > 1 {
            return Err(refuse(format!("another process has RANK {rank}, too")));
        }
        let hello = format!("{size} {}", build());
        let compare = |own: &str, other: &str| {
            let [(own_size, own_build), (size, build)] =
                [own, other].map(|text| text.split_once(' ').unwrap_or_default());
            if own_size != size {
                return Some(format!("have WORLD_SIZE {size} and {own_size}"));
            }
            (own_build != build).then(|| format!("run different builds of the program, {build} and {own_build}"))
        };
        agree(&store, (rank, size), "hello", &hello, patience, compare).map_err(|failure| match failure {
            Failure::Differ(error) => error,
            Failure::Lost(reason) => refuse(reason),
        })?;
        let gpus = Arc::new(OnceLock::new());
        let watch = Watch::start(store.again().map_err(failed)?, rank, size, gpus.clone());
        let group = Group::new(&store, rank, size, environment.is_loopback(), WORK).map_err(failed)?;
        Ok(Self { rank, size, local_rank, joined: Some(Joined { watch, group, store, gpus }) })
    }

    /// From now on tensors on `device`, a GPU, are added up by NCCL. Where a process has none, all add them up over the CPU;
    /// then this says why. NCCL is looked for in `folder`, or where the system does.
    ///
    /// # Errors
    /// [`RanksError::Nccl`], as of two processes on the same GPU, and [`RanksError::Gone`].
    pub fn use_nccl(&self, device: Device, folder: Option<&Path>) -> Result<Option<String>, TrainingError> {
        let Some(Joined { store, gpus, .. }) = &self.joined else { return Ok(None) };
        let (rank, size) = (self.rank, self.size);
        let refuse = |error: &dyn ToString| RanksError::Nccl { rank, size, reason: error.to_string() };
        let own = Nccl::load(folder);
        if self.any(own.is_err())? {
            let reason = own.err().map_or_else(|| "another rank has no NCCL".to_owned(), |error| error.to_string());
            return Ok(Some(reason));
        }
        let nccl = own.map_err(|error| refuse(&error))?;
        let gone = |_| self.gone();
        let id = if self.is_first() {
            let id = nccl.unique_id().map_err(|error| refuse(&error))?;
            store.set(NCCL, &id.to_text()).map_err(gone)?;
            id
        } else {
            let text = store.get(NCCL, WORK).map_err(gone)?;
            UniqueId::from_text(&text).ok_or_else(|| refuse(&"rank 0 gave no id of NCCL's"))?
        };
        let gpu = match device {
            Device::Cuda(index) => Some(index),
            _ => None,
        };
        let group = nccl.join(id, rank, size, gpu).map_err(|error| refuse(&error))?;
        let _ = gpus.set(OnGpus { device, group });
        Ok(None)
    }

    /// This process, counted from 0.
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// The number of processes.
    pub fn size(&self) -> usize {
        self.size
    }

    /// This process among those of its machine.
    pub fn local_rank(&self) -> usize {
        self.local_rank
    }

    /// Whether it is the process that writes.
    pub fn is_first(&self) -> bool {
        self.rank == 0
    }

    /// Whether work `place` is this process's.
    pub fn takes(&self, place: u64) -> bool {
        place % self.size as u64 == self.rank as u64
    }

    /// The sum over all processes takes the place of the tensor's values.
    ///
    /// # Errors
    /// [`RanksError::Gone`].
    pub fn sum(&self, tensor: &mut Tensor) -> Result<(), TrainingError> {
        self.collective(tensor, Group::sum, GpuGroup::sum)
    }

    /// The values of the first process take the place of the tensor's.
    ///
    /// # Errors
    /// [`RanksError::Gone`].
    pub fn broadcast(&self, tensor: &mut Tensor) -> Result<(), TrainingError> {
        self.collective(tensor, Group::broadcast, GpuGroup::broadcast)
    }

    /// The same as [`Ranks::sum`] for numbers.
    ///
    /// # Errors
    /// [`RanksError::Gone`].
    pub fn sum_numbers(&self, numbers: &mut [f64]) -> Result<(), TrainingError> {
        if self.joined.is_some() && !numbers.is_empty() {
            let mut tensor = Tensor::from_slice(numbers);
            self.sum(&mut tensor)?;
            numbers.copy_from_slice(&Vec::<f64>::try_from(&tensor)?);
        }
        Ok(())
    }

    /// Whether any process says so.
    ///
    /// # Errors
    /// [`RanksError::Gone`].
    pub fn any(&self, own: bool) -> Result<bool, TrainingError> {
        let mut count = [f64::from(u8::from(own))];
        self.sum_numbers(&mut count)?;
        Ok(count[0] > 0.0)
    }

    /// Waits for all processes, each of which says what it is about to do. `compare` tells how the words of the first process and
    /// those of another differ; nothing where they may go on together.
    ///
    /// # Errors
    /// [`RanksError::Differ`] on all processes, and [`RanksError::Gone`].
    pub fn agree(
        &self,
        topic: &str,
        own: &str,
        compare: impl Fn(&str, &str) -> Option<String>,
    ) -> Result<(), TrainingError> {
        let Some(Joined { store, .. }) = &self.joined else { return Ok(()) };
        let agreed = agree(store, (self.rank, self.size), topic, own, WORK, compare);
        Ok(agreed.map_err(|failure| match failure {
            Failure::Differ(error) => error,
            Failure::Lost(_) => self.gone(),
        })?)
    }

    /// Tells the others why this process ends before its time.
    pub fn fail(&self, reason: &str) {
        let Some(Joined { watch, store, .. }) = &self.joined else { return };
        watch.silence();
        // If they cannot be told, they find out.
        if store.set(watch::FAILED, &format!("rank {} ended: {reason}", self.rank)).is_ok() && self.is_first() {
            (1..self.size).for_each(|other| _ = store.get(&watch::heard(other), FAREWELL));
        }
    }

    /// Waits until all processes are done; from then on each may end.
    ///
    /// # Errors
    /// [`RanksError::Gone`].
    pub fn finish(&self) -> Result<(), TrainingError> {
        self.any(false)?;
        if let Some(Joined { watch, .. }) = &self.joined {
            watch.end();
        }
        self.any(false)?;
        Ok(())
    }

    /// One of gloo's operations, or of NCCL's for tensors of a GPU. Without NCCL they go over the CPU, where gloo computes.
    fn collective(
        &self,
        tensor: &mut Tensor,
        act: impl Fn(&Group, &mut Tensor) -> Result<(), TchError>,
        on_gpu: impl Fn(&GpuGroup, &mut Tensor) -> Result<(), NcclError>,
    ) -> Result<(), TrainingError> {
        let Some(Joined { group, gpus, .. }) = &self.joined else { return Ok(()) };
        if let Some(gpus) = gpus.get().filter(|gpus| gpus.device == tensor.device()) {
            return Ok(on_gpu(&gpus.group, tensor).map_err(|_| self.gone())?);
        }
        if !tensor.device().is_cuda() {
            return Ok(act(group, tensor).map_err(|_| self.gone())?);
        }
        let mut copy = tensor.f_to_device(Device::Cpu)?;
        act(group, &mut copy).map_err(|_| self.gone())?;
        no_grad(|| tensor.f_copy_(&copy))?;
        Ok(())
    }

    /// What is known of an operation that failed.
    fn gone(&self) -> RanksError {
        let known = self.joined.as_ref().and_then(|joined| joined.watch.reason());
        let reason = known.unwrap_or_else(|| "another rank has ended or cannot be reached".to_owned());
        RanksError::Gone { rank: self.rank, size: self.size, reason }
    }
}

enum Failure {
    Differ(RanksError),
    Lost(String),
}

/// The first process compares what all say, and tells all what it found.
fn agree(
    store: &Store,
    (rank, size): (usize, usize),
    topic: &str,
    own: &str,
    patience: Duration,
    compare: impl Fn(&str, &str) -> Option<String>,
) -> Result<(), Failure> {
    const AGREED: &str = "agreed";
    let (of, verdict) = (|rank: usize| format!("{topic}/{rank}"), format!("{topic}/verdict"));
    let lost = |error: TchError| Failure::Lost(brief(&error));
    let (found, differing) = if rank == 0 {
        let mut found = (AGREED.to_owned(), 0);
        for other in 1..size {
            let missing = |_| Failure::Lost(format!("rank {other} does not come within {} s", patience.as_secs()));
            let said = store.get(&of(other), patience).map_err(missing)?;
            if let Some(differ) = compare(own, &said) {
                found = (differ, other);
                break;
            }
        }
        store.set(&verdict, &format!("{} {}", found.1, found.0)).map_err(lost)?;
        found
    } else {
        store.set(&of(rank), own).map_err(lost)?;
        // The first may have waited as long for another.
        let said = store.get(&verdict, 2 * patience).map_err(|_| Failure::Lost("rank 0 does not answer".to_owned()))?;
        let (other, found) = said.split_once(' ').unwrap_or_default();
        (found.to_owned(), other.parse().unwrap_or_default())
    };
    if found == AGREED {
        return Ok(());
    }
    // The store ends with the first process.
    match rank {
        0 => (1..size).for_each(|other| _ = store.get(&format!("{topic}/read/{other}"), FAREWELL)),
        _ => _ = store.set(&format!("{topic}/read/{rank}"), "read"),
    }
    Err(Failure::Differ(RanksError::Differ { rank: differing, differ: found }))
}

/// What tells one build of the program from another: its version, and a checksum of its file.
fn build() -> String {
    let own = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("/proc/self/exe"));
    let mut content = Vec::new();
    let read = File::open(own).and_then(|mut file| file.read_to_end(&mut content));
    let checksum = read.map_or(0, |_| crc32c::crc32c(&content));
    format!("{} ({checksum:08x})", env!("CARGO_PKG_VERSION"))
}

/// The first line of what libtorch says.
fn brief(error: &TchError) -> String {
    let text = error.to_string();
    text.lines().next().unwrap_or_default().trim().to_owned()
}

impl Drop for Joined {
    fn drop(&mut self) {
        self.watch.silence();
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use tch::Kind;

    use super::*;

    fn place(rank: usize, launcher_serves: bool, port: u16) -> Option<Environment> {
        Some(Environment {
            rank,
            size: 2,
            local_rank: rank,
            host: "127.0.0.1".to_owned(),
            port,
            launcher_serves,
            restarts: 0,
        })
    }

    /// A port that nobody has.
    fn port() -> u16 {
        TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
    }

    #[test]
    fn ranks_meet_in_the_store_of_their_launcher() {
        let port = port();
        let launcher = Store::new("127.0.0.1", port, true, "torchelastic", PATIENCE).unwrap();
        let ranks = [0, 1].map(|rank| {
            thread::spawn(move || {
                let ranks = Ranks::join(place(rank, true, port), PATIENCE).unwrap();
                let mut numbers = [1.0, rank as f64];
                ranks.sum_numbers(&mut numbers).unwrap();
                let mut first = Tensor::from_slice(&[rank as f32]);
                ranks.broadcast(&mut first).unwrap();
                let agreed = ranks.agree("word", "same", |own, other| (own != other).then(|| "differ".to_owned()));
                ranks.finish().unwrap();
                (numbers, first.double_value(&[0]), agreed.is_ok(), ranks.takes(3))
            })
        });
        let found = ranks.map(|rank| rank.join().unwrap());
        assert_eq!(found, [([2.0, 1.0], 0.0, true, false), ([2.0, 1.0], 0.0, true, true)]);
        drop(launcher);
    }

    /// Two ranks that meet, and what each does then.
    fn two<T: Send + 'static>(act: impl Fn(&Ranks) -> T + Send + Clone + 'static) -> [T; 2] {
        let port = port();
        let ranks = [0, 1].map(|rank| {
            let act = act.clone();
            thread::spawn(move || {
                let ranks = Ranks::join(place(rank, false, port), PATIENCE).unwrap();
                let found = act(&ranks);
                ranks.finish().unwrap();
                found
            })
        });
        ranks.map(|rank| rank.join().unwrap())
    }

    /// A stub stands for NCCL, and the CPU for a GPU.
    #[test]
    fn ranks_add_up_by_nccl_where_all_have_it() {
        let Some(stub) = crate::libtorch::nccl_stub() else { return };
        let folder = stub.path().to_owned();
        let found = two(move |ranks| {
            assert_eq!(ranks.use_nccl(Device::Cpu, Some(&folder)).unwrap(), None);
            // More than a piece of the stub's, and not all of a tensor.
            let whole = Tensor::arange(90_000, (Kind::Float, Device::Cpu)) * (1.0 + ranks.rank() as f64);
            let mut part = whole.view([300, 300]).transpose(0, 1);
            ranks.sum(&mut part).unwrap();
            let mut first = Tensor::from_slice(&[7.0 + ranks.rank() as f64]);
            ranks.broadcast(&mut first).unwrap();
            (whole.double_value(&[89_999]), part.double_value(&[1, 0]), first.double_value(&[0]))
        });
        assert_eq!(found, [(3.0 * 89_999.0, 3.0, 7.0); 2]);
    }

    #[test]
    fn where_one_rank_has_no_nccl_all_do_without() {
        let Some(stub) = crate::libtorch::nccl_stub() else { return };
        let folder = stub.path().to_owned();
        let found = two(move |ranks| {
            let folder = if ranks.is_first() { folder.as_path() } else { Path::new("/nowhere") };
            let said = ranks.use_nccl(Device::Cpu, Some(folder)).unwrap();
            let mut own = Tensor::from_slice(&[1.0 + ranks.rank() as f64]);
            ranks.sum(&mut own).unwrap();
            (said.unwrap(), own.double_value(&[0]))
        });
        let [(first, sum), (second, same)] = found;
        assert_eq!((sum, same), (3.0, 3.0));
        assert_eq!(first, "another rank has no NCCL");
        assert!(second.contains("/nowhere/libnccl.so.2") && !second.contains('\n'), "{second}");
    }

    #[test]
    fn a_rank_that_does_not_come_is_named() {
        let patience = Duration::from_secs(1);
        let error = Ranks::join(place(0, false, port()), patience).unwrap_err().to_string();
        assert!(error.starts_with("rank 0 of 2 cannot join the others at 127.0.0.1:"), "{error}");
        assert!(error.ends_with("rank 1 does not come within 1 s"), "{error}");
        let error = Ranks::join(place(1, false, port()), patience).unwrap_err().to_string();
        assert!(error.ends_with("rank 0 does not answer there within 1 s"), "{error}");
    }
}
