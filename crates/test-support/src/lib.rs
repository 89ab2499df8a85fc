//! Helpers of our tests: file systems that fail on demand, small pipelines and packages, servers.
//!
//! A dev-dependency only. The helpers panic where a test would unwrap.
//!
//! # Limitations
//! [`MemFs`] models one power loss at a time, and syncs of folders as journaling file systems do them.

pub mod bigquery;
pub mod clickhouse;
mod fakesnow;
mod faults;
mod faulty_disk;
pub mod mariadb;
mod mem_fs;
mod packages;
pub mod postgres;
mod proxy;
mod python;
mod rest;

pub use fakesnow::FakeSnow;
pub use faults::Plan;
pub use faulty_disk::FaultyDisk;
pub use mem_fs::{MemFs, Survival};
pub use packages::{TempPipeline, files_below, job, rewrite_package_json, runtime, stage_package};
pub use proxy::{HttpProxy, Refusal, TcpProxy};
pub use python::{adbc_driver, dlt_python, service_program};
pub use rest::{Answer, Certificate, RestServer, Seen};
