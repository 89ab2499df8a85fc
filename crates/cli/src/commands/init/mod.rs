//! `init`: a pipeline file to begin with.

mod destination;
mod program;
mod source;
mod template;

use std::fmt::{self, Write as _};
use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use cartage_pipeline::PipelineError;
use serde::Serialize;

use super::show;
use crate::args::Format;
use crate::failure::Failure;
use crate::source_args::InitArgs;

/// A file to write.
struct Draft {
    path: PathBuf,
    text: String,
}

/// What a part of the pipeline file needs.
struct Part {
    /// Tables of the pipeline file.
    text: String,
    /// Lines of `secrets.toml`, commented out.
    secrets: Option<String>,
    /// Files beside the pipeline file.
    files: Vec<Draft>,
}

/// What was written, and what to do next.
#[derive(Serialize)]
struct Written {
    written: Vec<PathBuf>,
    next: Vec<String>,
}

pub(super) fn init(args: &InitArgs, format: Format) -> Result<(), Failure> {
    let folder = args.file.parent().map(Path::to_owned).unwrap_or_default();
    let name = match &args.name {
        Some(name) => name.clone(),
        None => name_of(&folder)?,
    };
    let source = source::part(&args.source)?;
    let destination = destination::part(&args.destination, &name)?;
    let kind = args.destination.split_once(':').map_or(args.destination.as_str(), |(kind, _)| kind);
    let mut drafts = vec![Draft {
        path: args.file.clone(),
        text: format!(
            "# Made by `cartage init {} {}`. Each key can also come from --set, the environment, and the files in\n\
             # .cartage/ beside this one; `cartage plan` shows what a run would do.\n\n\
             [pipeline]\nname = \"{name}\"\ndataset_name = \"{name}_data\"  # the schema or folder that gets the tables\n\
             destination = \"{kind}\"\n\n{}\n{}",
            args.source, args.destination, destination.text, source.text
        ),
    }];
    let secrets: Vec<String> = [source.secrets, destination.secrets].into_iter().flatten().collect();
    let has_secrets = !secrets.is_empty();
    if has_secrets {
        let text = format!("# Credentials; keep this file out of version control.\n\n{}", secrets.join("\n"));
        drafts.push(Draft { path: folder.join(".cartage/secrets.toml"), text });
        if !folder.join(".gitignore").exists() {
            drafts
                .push(Draft { path: folder.join(".gitignore"), text: ".cartage/secrets.toml\n".to_owned() });
        }
    }
    let beside = source.files.into_iter().chain(destination.files);
    drafts.extend(beside.map(|draft| Draft { path: folder.join(draft.path), ..draft }));
    refuse_to_overwrite(&drafts)?;
    for draft in &drafts {
        write_new(draft).map_err(|error| unwritable(&draft.path, &error))?;
    }
    let written = drafts.into_iter().map(|draft| draft.path).collect();
    let report = Written { written, next: next_steps(&args.file, has_secrets) };
    show(format, &report, || text(&report))
}

/// The name of the pipeline: that of its folder, as dlt takes that of the script.
fn name_of(folder: &Path) -> Result<String, PipelineError> {
    let path = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let path = if path.as_os_str().is_empty() { std::env::current_dir().unwrap_or_default() } else { path };
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let name = identifier(&name);
    if name.is_empty() {
        return Err(PipelineError::Usage {
            message: "the name of the folder is not a valid pipeline name".to_owned(),
            remedy: "choose one with --name".to_owned(),
        });
    }
    Ok(name)
}

/// Letters, digits and underscores, beginning with a letter.
fn identifier(text: &str) -> String {
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let name = words.collect::<Vec<_>>().join("_");
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("p_{name}") } else { name }
}

fn refuse_to_overwrite(drafts: &[Draft]) -> Result<(), PipelineError> {
    match drafts.iter().find(|draft| draft.path.exists()) {
        None => Ok(()),
        Some(draft) => Err(PipelineError::Usage {
            message: format!("{} already exists, and nothing is overwritten", draft.path.display()),
            remedy: "move it away, or write elsewhere with --file FOLDER/pipeline.toml".to_owned(),
        }),
    }
}

fn write_new(draft: &Draft) -> io::Result<()> {
    if let Some(folder) = draft.path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if draft.path.ends_with(".cartage/secrets.toml") {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    let mut file = options.open(&draft.path)?;
    file.write_all(draft.text.as_bytes())
}

fn unwritable(path: &Path, error: &io::Error) -> PipelineError {
    let remedy = match error.kind() {
        ErrorKind::PermissionDenied => {
            "give this user permission to write there, or write elsewhere with --file"
        }
        _ => "make room or choose another place with --file",
    };
    PipelineError::Usage {
        message: format!("cannot write {}: {error}", path.display()),
        remedy: remedy.to_owned(),
    }
}

fn next_steps(file: &Path, has_secrets: bool) -> Vec<String> {
    let is_default = file == Path::new("pipeline.toml");
    let shown = file.display().to_string();
    let file = match shown.contains(char::is_whitespace) {
        _ if is_default => String::new(),
        true => format!(" '{shown}'"),
        false => format!(" {shown}"),
    };
    let mut steps = Vec::new();
    if has_secrets {
        steps.push("fill in .cartage/secrets.toml beside the pipeline file".to_owned());
    }
    steps.push(format!("cartage source check{file}   # connection, credentials, first rows; writes nothing"));
    steps.push(format!("cartage run{file}"));
    steps.push(format!("cartage status{file}"));
    steps
}

fn text(report: &Written) -> Result<String, fmt::Error> {
    let mut out = String::new();
    for path in &report.written {
        writeln!(out, "wrote {}", path.display())?;
    }
    writeln!(out, "\nnext:")?;
    for (nth, step) in report.next.iter().enumerate() {
        writeln!(out, "  {}. {step}", nth + 1)?;
    }
    Ok(out)
}
