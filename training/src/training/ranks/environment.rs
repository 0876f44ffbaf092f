//! What a launcher tells a process of its place among others.

use super::RanksError;

/// The variables that `torchrun` sets, and what they say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// The process, counted from 0.
    pub rank: usize,
    /// The number of processes.
    pub size: usize,
    /// The process among those of its machine.
    pub local_rank: usize,
    /// The machine of the first process.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether the launcher keeps the store there.
    pub launcher_serves: bool,
    /// How often the launcher started all processes again.
    pub restarts: u64,
}

/// All five, for messages.
const VARIABLES: [&str; 5] = ["RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT"];

impl Environment {
    /// Reads the variables; `None` for a process that is alone: without `RANK` and `WORLD_SIZE`, or one of one without a place to meet.
    ///
    /// # Errors
    /// [`RanksError::Missing`] and [`RanksError::Variable`]: some variables without the others, or what contradicts itself.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, RanksError> {
        let given = |name: &str| variable(name).filter(|value| !value.is_empty());
        if given("RANK").is_none() && given("WORLD_SIZE").is_none() {
            return Ok(None);
        }
        let text = |name: &'static str| {
            given(name).ok_or_else(|| {
                let present =
                    VARIABLES.into_iter().filter(|name| given(name).is_some()).collect::<Vec<_>>().join(" and ");
                RanksError::Missing { name, present }
            })
        };
        let number = |name: &'static str, most: usize| {
            let value = text(name)?;
            match value.parse::<usize>() {
                Ok(number) if number <= most => Ok(number),
                _ => Err(RanksError::Variable { name, value, reason: format!("it must be a number from 0 to {most}") }),
            }
        };
        let (rank, size) = (number("RANK", MOST)?, number("WORLD_SIZE", MOST)?);
        let wrong = |name: &'static str, value: usize, reason: String| {
            Err(RanksError::Variable { name, value: value.to_string(), reason })
        };
        if rank >= size {
            return wrong("RANK", rank, format!("it must be less than WORLD_SIZE, which is {size}"));
        }
        if size == 1 && ["MASTER_ADDR", "MASTER_PORT"].iter().any(|name| given(name).is_none()) {
            return Ok(None);
        }
        let (local_rank, port) = (number("LOCAL_RANK", MOST)?, number("MASTER_PORT", 65_535)?);
        if local_rank > rank {
            return wrong("LOCAL_RANK", local_rank, format!("it cannot be more than RANK, which is {rank}"));
        }
        Ok(Some(Self {
            rank,
            size,
            local_rank,
            host: text("MASTER_ADDR")?,
            port: port as u16,
            launcher_serves: given("TORCHELASTIC_USE_AGENT_STORE").is_some_and(|value| value == "True"),
            restarts: given("TORCHELASTIC_RESTART_COUNT").and_then(|value| value.parse().ok()).unwrap_or(0),
        }))
    }

    /// Whether all processes are on this machine.
    pub fn is_loopback(&self) -> bool {
        matches!(self.host.as_str(), "127.0.0.1" | "localhost" | "::1")
    }
}

/// More processes than any run has.
const MOST: usize = 65_536;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Option<Environment>, String> {
        let variable =
            |name: &str| variables.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned());
        Environment::read(variable).map_err(|error| error.to_string())
    }

    #[test]
    fn a_process_without_a_launcher_is_alone() {
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&[("LOCAL_RANK", "0"), ("MASTER_ADDR", "node1")]), Ok(None));
        assert_eq!(read(&[("RANK", "0"), ("WORLD_SIZE", "1")]), Ok(None));
        assert_eq!(read(&[("RANK", "0"), ("WORLD_SIZE", "1"), ("MASTER_ADDR", "node1")]), Ok(None));
    }

    /// One that a launcher started is a rank like others, so that what ranks do can be tried on one GPU.
    #[test]
    fn a_process_with_a_launcher_is_a_rank() {
        let one =
            [("RANK", "0"), ("WORLD_SIZE", "1"), ("LOCAL_RANK", "0"), ("MASTER_ADDR", "node1"), ("MASTER_PORT", "1")];
        let read = read(&one).unwrap().unwrap();
        assert_eq!((read.rank, read.size, read.local_rank), (0, 1, 0));
    }

    #[test]
    fn what_torchrun_sets_is_understood() {
        let all = [
            ("RANK", "3"),
            ("WORLD_SIZE", "4"),
            ("LOCAL_RANK", "1"),
            ("MASTER_ADDR", "node1"),
            ("MASTER_PORT", "29500"),
            ("TORCHELASTIC_USE_AGENT_STORE", "True"),
            ("TORCHELASTIC_RESTART_COUNT", "2"),
        ];
        let found = read(&all).unwrap().unwrap();
        assert_eq!((found.rank, found.size, found.local_rank, found.port), (3, 4, 1, 29500));
        assert!(found.launcher_serves && found.restarts == 2 && !found.is_loopback());
        for (missing, _) in &all[..5] {
            let rest: Vec<_> = all.iter().copied().filter(|(name, _)| name != missing).collect();
            let error = read(&rest).unwrap_err();
            assert!(error.contains(&format!("{missing} is not")) && error.contains("torchrun"), "{error}");
        }
    }

    #[test]
    fn contradictions_are_told_with_the_variable() {
        let with = |name: &str, value: &str| {
            let mut all =
                [("RANK", "1"), ("WORLD_SIZE", "2"), ("LOCAL_RANK", "1"), ("MASTER_ADDR", "a"), ("MASTER_PORT", "1")];
            all.iter_mut()
                .filter(|(own, _)| *own == name)
                .for_each(|(_, own)| *own = Box::leak(value.to_owned().into()));
            read(&all)
        };
        for (name, value, words) in [
            ("RANK", "2", "less than WORLD_SIZE, which is 2"),
            ("RANK", "-1", "a number"),
            ("RANK", "one", "a number"),
            ("WORLD_SIZE", "1e3", "a number"),
            ("WORLD_SIZE", "0", "less than WORLD_SIZE, which is 0"),
            ("LOCAL_RANK", "2", "more than RANK, which is 1"),
            ("MASTER_PORT", "65536", "from 0 to 65535"),
        ] {
            let error = with(name, value).unwrap_err();
            assert!(error.contains(words) && !error.contains('\n'), "{error}");
        }
    }
}
