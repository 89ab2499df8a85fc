//! What the targets share: limits that end the process, inputs with settings in front, and stages in a folder.
//!
//! A target hands bytes to what reads them in the product. It may get any error. It must not panic, hang, or take
//! more memory than [`memory`] allows; libFuzzer keeps the input that made it do so.

pub mod input;
pub mod memory;
pub mod panics;
pub mod stages;
