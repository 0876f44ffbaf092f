//! Every integration test of the mathematics, the figures and the program, in one binary: it links once.

mod book;
mod cli;
mod comparison;
mod contract;
mod experiment;
mod expressions;
mod families;
mod fast_solver;
mod fast_sums;
mod figures;
mod finite_problem;
mod limit_laws;
mod million;
mod preferences;
mod properties;
mod study;
mod support;
