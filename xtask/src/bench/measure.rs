//! Wall time, CPU time and peak memory of a process with all its children.
//!
//! CPU and memory come from `/proc` and are left out on other systems.

use std::fs;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::tools::shown;

/// What one run of a program cost.
#[derive(Clone, Debug, Default)]
pub(super) struct Cost {
    /// Seconds from start to end.
    pub(super) wall: f64,
    /// CPU seconds, user and system.
    pub(super) cpu: Option<f64>,
    /// Peak of the resident memory of all its processes together, in megabytes of 1,000,000 bytes.
    pub(super) peak: Option<f64>,
}

/// Runs a program to its end and gives its cost and its standard output.
pub(super) fn run(command: &mut Command) -> Result<(Cost, String)> {
    let before = cpu_of_children();
    let start = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", command.get_program().display()))?;
    let readers = (reader(child.stdout.take()), reader(child.stderr.take()));
    let (status, peak) = watch(&mut child)?;
    let wall = start.elapsed().as_secs_f64();
    let (stdout, stderr) = (readers.0.join().unwrap_or_default(), readers.1.join().unwrap_or_default());
    if !status.success() {
        let lines: Vec<&str> = stderr.lines().collect();
        bail!(
            "`{}` ended with {status}: {}",
            shown(command),
            lines[lines.len().saturating_sub(8)..].join("\n")
        );
    }
    let cpu = before.zip(cpu_of_children()).map(|(before, after)| after - before);
    Ok((Cost { wall, cpu, peak }, stdout))
}

fn reader(pipe: Option<impl std::io::Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // A pipe that breaks has nothing more to say.
            drop(pipe.read_to_end(&mut bytes));
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Waits for the end and looks at the memory meanwhile. The high-water mark of a single process is
/// exact up to the last look; that of several is the largest sum that was seen.
fn watch(child: &mut Child) -> Result<(ExitStatus, Option<f64>)> {
    let mut peak: Option<u64> = None;
    loop {
        let family = family(child.id());
        let now = match family.as_slice() {
            [only] => kilobytes(*only, "VmHWM:"),
            several => several.iter().map(|process| kilobytes(*process, "VmRSS:")).sum(),
        };
        peak = peak.max(now);
        if let Some(status) = child.try_wait()? {
            return Ok((status, peak.map(|kilobytes| kilobytes as f64 * 1024.0 / 1e6)));
        }
        thread::sleep(Duration::from_millis(4));
    }
}

/// A process and all processes below it.
fn family(process: u32) -> Vec<u32> {
    let mut found = vec![process];
    let mut next = 0;
    while let Some(process) = found.get(next).copied() {
        next += 1;
        let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else { continue };
        for thread in threads.flatten() {
            let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            found.extend(children.split_whitespace().filter_map(|id| id.parse::<u32>().ok()));
        }
    }
    found
}

fn kilobytes(process: u32, field: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    line.split_whitespace().next()?.parse().ok()
}

/// CPU seconds of all children that ended and were waited for.
fn cpu_of_children() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the program, in parentheses, may hold blanks.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |nth: usize| fields.get(nth)?.parse::<f64>().ok();
    // Fields 16 and 17 of proc(5), in ticks of which Linux has 100 a second.
    Some((ticks(13)? + ticks(14)?) / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn a_program_costs_time_and_memory() {
        let (cost, stdout) =
            run(Command::new("sh")
                .args(["-c", "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; echo done"]))
            .unwrap();
        assert_eq!(stdout, "done\n");
        assert!(cost.wall > 0.0 && cost.cpu.unwrap() > 0.0 && cost.peak.unwrap() > 0.1, "{cost:?}");
    }

    #[test]
    fn a_program_that_fails_is_an_error_with_its_words() {
        let error = run(Command::new("sh").args(["-c", "echo broken >&2; exit 3"])).unwrap_err();
        assert!(error.to_string().contains("broken"));
    }
}
