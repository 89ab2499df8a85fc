//! What the commands take that look at destinations.

use clap::Subcommand;

use crate::args::FileArgs;

/// Commands on destinations.
#[derive(Debug, Subcommand)]
pub enum DestinationCommand {
    /// Tries whether the destination can be reached, read and written, and shows what is there.
    #[command(
        long_about = "Tries whether the destination can be reached, read and written, and shows what is there: \
            tables, the last load, pipelines with their state, loads in flight and pending packages. What is made \
            for a try is taken back; nothing stays.",
        after_help = "Exit codes: 0 everything works, 1 it does not (unreachable, rights are missing), 2 the configuration \
            must change (password, name, folder), 6 another program holds the database."
    )]
    Check(FileArgs),
    /// Lists the types of destinations with what each can do.
    List,
}
