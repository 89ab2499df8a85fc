//! Arguments of the commands that inspect destinations.

use clap::Subcommand;

use crate::args::FileArgs;

/// Commands on destinations.
#[derive(Debug, Subcommand)]
pub enum DestinationCommand {
    /// Checks that the destination can be reached, read and written, and shows what is there.
    #[command(
        long_about = "Checks that the destination can be reached, read and written, and shows what is there: \
            tables, the last load, pipelines with their state, loads in flight and pending packages. What the \
            check creates is removed again.",
        after_help = "Exit codes: 0 everything works, 1 something does not (unreachable, missing rights), 2 the configuration \
            is wrong (password, name, folder), 6 another program holds the database."
    )]
    Check(FileArgs),
    /// Lists the types of destinations and what each can do.
    List,
}
