//! Every integration test of the mathematics, the figures and the program, in one binary: it links once.

mod book;
mod cli;
mod compare_command;
mod comparison;
mod contract;
mod design;
mod diagnosis;
mod equilibrium;
mod experiment;
mod expressions;
mod families;
mod fast_solver;
mod fast_sums;
mod figures;
mod finite_problem;
mod free_boundary;
mod infinite_curvature;
mod limit_laws;
mod million;
mod narrow_kernels;
mod preferences;
mod properties;
mod reward_table;
mod simulate;
mod study;
mod support;
