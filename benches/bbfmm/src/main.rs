//! Measures `ferreus_bbfmm` on sorted points in one dimension and prints tables: see the README beside it.
//!
//! Every measurement is a process of its own, this program called with arguments, so that it has its own peak memory and
//! number of threads.

mod black_box;
mod clock;
mod sums;

use std::error::Error;
use std::process::Command;

use black_box::Outcome;
use clock::Seconds;
use sums::{Direct, Line, Points, Random, Sum};
use tabled::builder::Builder;
use tabled::settings::Style;

const TARGETS: usize = 200;
const SIZES: [usize; 3] = [10_000, 100_000, 1_000_000];
const ORDERS: [usize; 5] = [6, 10, 14, 18, 22];
/// Points that a cell may have before it is divided: see the first table.
const LEAF: usize = 64;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// One measurement.
#[derive(Clone, Copy)]
struct Run {
    points: Points,
    sum: Sum,
    n: usize,
    order: usize,
    leaf: usize,
    compress: bool,
    threads: usize,
    /// The slope as a kernel of its own instead of as the gradient of the potential.
    odd: bool,
}

/// What a measurement found.
struct Measured {
    build: Seconds,
    product: Seconds,
    mib: f64,
    hash: u64,
    values: Vec<f64>,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("run") => run_here(&Run::read(&arguments[1..])?),
        Some("leaf") => leaf_table(),
        Some("accuracy") => accuracy_table(),
        Some("bits") => bits_table(),
        None => {
            leaf_table()?;
            accuracy_table()?;
            bits_table()
        }
        Some(other) => Err(format!("no table is called {other}: there are leaf, accuracy and bits").into()),
    }
}

fn leaf_table() -> Result<()> {
    println!("\nPoints per cell and compression, potential, n = 100000, order 14");
    let mut table = Builder::default();
    table.push_record([
        "points",
        "per cell",
        "compressed",
        "tree s",
        "tree cpu s",
        "product s",
        "product cpu s",
        "MiB",
        "error",
    ]);
    for points in [Points::Arcsine, Points::Uniform] {
        let basis = Basis::new(points, Sum::Potential, 100_000);
        for leaf in [16, 32, 64, 128, 256] {
            for compress in [true, false] {
                let measured = Run { leaf, compress, ..basis.run(14) }.start()?;
                let (error, _) = basis.errors(&measured.values);
                table.push_record([
                    points.name().to_owned(),
                    leaf.to_string(),
                    if compress { "yes" } else { "no" }.to_owned(),
                    format!("{:.3}", measured.build.wall),
                    format!("{:.3}", measured.build.cpu),
                    format!("{:.3}", measured.product.wall),
                    format!("{:.3}", measured.product.cpu),
                    format!("{:.0}", measured.mib),
                    format!("{error:.1e}"),
                ]);
            }
        }
    }
    print(table);
    Ok(())
}

fn accuracy_table() -> Result<()> {
    println!("\nAccuracy and cost, {LEAF} points per cell, not compressed, 2 threads");
    let mut table = Builder::default();
    let header = vec![
        "points",
        "sum",
        "n",
        "order",
        "tree s",
        "tree cpu s",
        "product s",
        "product cpu s",
        "MiB",
        "error",
        "error, exact positions",
    ];
    table.push_record(header);
    for points in [Points::Arcsine, Points::Uniform] {
        for sum in [Sum::Potential, Sum::Slope, Sum::Curvature] {
            for n in SIZES {
                let basis = Basis::new(points, sum, n);
                for order in ORDERS {
                    let measured = basis.run(order).start()?;
                    let (rounded, exact) = basis.errors(&measured.values);
                    table.push_record([
                        points.name().to_owned(),
                        sum.name().to_owned(),
                        n.to_string(),
                        order.to_string(),
                        format!("{:.3}", measured.build.wall),
                        format!("{:.3}", measured.build.cpu),
                        format!("{:.3}", measured.product.wall),
                        format!("{:.3}", measured.product.cpu),
                        format!("{:.0}", measured.mib),
                        format!("{rounded:.1e}"),
                        format!("{exact:.1e}"),
                    ]);
                }
                eprintln!("{} {} {n} done", points.name(), sum.name());
            }
        }
    }
    print(table);
    Ok(())
}

fn bits_table() -> Result<()> {
    println!("\nDistinct results, bit for bit, of 4 runs; and the slope as a kernel of its own; order 14");
    let mut table = Builder::default();
    table.push_record(["points", "sum", "n", "1 thread", "2 threads", "both", "error"]);
    for points in [Points::Arcsine, Points::Uniform] {
        for (sum, odd) in [(Sum::Potential, false), (Sum::Slope, false), (Sum::Slope, true), (Sum::Curvature, false)] {
            let n = 10_000;
            let basis = Basis::new(points, sum, n);
            let mut hashes = [Vec::new(), Vec::new()];
            let mut error = 0.0f64;
            for (threads, hashes) in [1, 2].into_iter().zip(&mut hashes) {
                for _ in 0..4 {
                    let measured = Run { threads, odd, ..basis.run(14) }.start()?;
                    error = error.max(basis.errors(&measured.values).0);
                    hashes.push(measured.hash);
                }
            }
            let distinct = |mut hashes: Vec<u64>| {
                hashes.sort_unstable();
                hashes.dedup();
                hashes.len().to_string()
            };
            table.push_record([
                points.name().to_owned(),
                format!("{}{}", sum.name(), if odd { ", odd kernel" } else { "" }),
                n.to_string(),
                distinct(hashes[0].clone()),
                distinct(hashes[1].clone()),
                distinct(hashes.concat()),
                format!("{error:.1e}"),
            ]);
        }
    }
    print(table);
    Ok(())
}

fn print(table: Builder) {
    println!("{}", table.build().with(Style::markdown()));
}

/// The direct sums that the measurements of one problem are compared with.
struct Basis {
    points: Points,
    sum: Sum,
    n: usize,
    direct: Vec<Direct>,
}

impl Basis {
    fn new(points: Points, sum: Sum, n: usize) -> Self {
        let line = Line::new(points, n);
        let charges = charges(sum, n);
        let targets = targets(n);
        let (left, right) = targets.split_at(TARGETS / 2);
        let of =
            |targets: &[usize]| -> Vec<Direct> { targets.iter().map(|&i| line.direct(sum, i, &charges)).collect() };
        let (mut direct, rest) = std::thread::scope(|scope| {
            let right = scope.spawn(|| of(right));
            (of(left), right.join().unwrap_or_default())
        });
        direct.extend(rest);
        Self { points, sum, n, direct }
    }

    fn run(&self, order: usize) -> Run {
        let (points, sum, n) = (self.points, self.sum, self.n);
        Run { points, sum, n, order, leaf: LEAF, compress: false, threads: 2, odd: false }
    }

    /// The largest error over the targets relative to the sum of the moduli: for the rounded positions, and for the exact.
    fn errors(&self, values: &[f64]) -> (f64, f64) {
        assert_eq!(values.len(), self.direct.len());
        let worst = |of: &dyn Fn(&Direct) -> f64| {
            values.iter().zip(&self.direct).map(|(v, d)| (v - of(d)).abs() / d.moduli).fold(0.0, f64::max)
        };
        (worst(&|d| d.rounded), worst(&|d| d.exact))
    }
}

impl Run {
    fn read(words: &[String]) -> Result<Self> {
        let [points, sum, n, order, leaf, compress, odd] = words else {
            return Err("seven words describe a run".into());
        };
        let points = [Points::Arcsine, Points::Uniform].into_iter().find(|p| p.name() == points);
        let sum = [Sum::Potential, Sum::Slope, Sum::Curvature].into_iter().find(|s| s.name() == sum);
        Ok(Self {
            points: points.ok_or("unknown points")?,
            sum: sum.ok_or("unknown sum")?,
            n: n.parse()?,
            order: order.parse()?,
            leaf: leaf.parse()?,
            compress: compress.parse()?,
            odd: odd.parse()?,
            threads: 0,
        })
    }

    /// In a process of its own.
    fn start(&self) -> Result<Measured> {
        let output = Command::new(std::env::current_exe()?)
            .env("RAYON_NUM_THREADS", self.threads.to_string())
            .args(["run", self.points.name(), self.sum.name()])
            .args([self.n, self.order, self.leaf].map(|number| number.to_string()))
            .args([self.compress, self.odd].map(|flag| flag.to_string()))
            .output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into());
        }
        let text = String::from_utf8(output.stdout)?;
        let mut lines = text.lines();
        let mut number = || -> Result<f64> { Ok(lines.next().ok_or("a line is missing")?.parse()?) };
        let mut seconds = || -> Result<Seconds> { Ok(Seconds { wall: number()?, cpu: number()? }) };
        let (build, product) = (seconds()?, seconds()?);
        let mib = number()?;
        let mut bits = lines.map(|line| u64::from_str_radix(line, 16));
        let hash = bits.next().ok_or("a line is missing")??;
        let values = bits.map(|bits| Ok(f64::from_bits(bits?))).collect::<Result<_>>()?;
        Ok(Measured { build, product, mib, hash, values })
    }
}

/// Runs in this process and prints for [`Run::start`]: five numbers, then the hash and the values at the targets.
fn run_here(run: &Run) -> Result<()> {
    let x = Line::new(run.points, run.n).x;
    let charges = charges(run.sum, run.n);
    let Outcome { build, product, values } = black_box::run(run, &x, &charges);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix("kB")?.trim().parse().ok());
    [build, product].iter().for_each(|seconds| println!("{}\n{}", seconds.wall, seconds.cpu));
    println!("{}", peak.unwrap_or(f64::NAN) / 1024.0);
    // FNV-1a over the words.
    let hash = values.iter().fold(0xcbf2_9ce4_8422_2325u64, |h, v| (h ^ v.to_bits()).wrapping_mul(0x100_0000_01b3));
    println!("{hash:x}");
    targets(run.n).iter().for_each(|&i| println!("{:x}", values[i].to_bits()));
    Ok(())
}

/// Of one sign and size but for the curvature, which is a matrix applied to a vector.
fn charges(sum: Sum, n: usize) -> Vec<f64> {
    let mut random = Random(1);
    (0..n).map(|_| if sum == Sum::Curvature { random.signed() } else { 1.0 }).collect()
}

/// Both ends and random others.
fn targets(n: usize) -> Vec<usize> {
    let mut random = Random(2);
    [0, 1, n - 2, n - 1].into_iter().chain(std::iter::repeat_with(|| random.below(n))).take(TARGETS).collect()
}

impl Points {
    fn name(self) -> &'static str {
        match self {
            Self::Arcsine => "arcsine",
            Self::Uniform => "uniform",
        }
    }
}

impl Sum {
    fn name(self) -> &'static str {
        match self {
            Self::Potential => "potential",
            Self::Slope => "slope",
            Self::Curvature => "curvature",
        }
    }
}
