//! What can go wrong with a request.

/// A request without the answer that was hoped for. No text holds a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The service has refused it: its code, such as `390100`, and its message.
    Refused { code: String, message: String },
    /// It was not sent: nobody could be reached.
    Unreachable(String),
    /// The service says that it has no time now, again and again.
    Busy(u16),
    /// It was sent, and the answer is lost: whether it was carried out is not known.
    Lost(String),
    /// There is an answer, and it is none of this protocol.
    Unexpected { status: u16, message: String },
    /// The user asked to stop.
    Stopped,
}

impl Failure {
    /// Whether the session that the request belonged to is of no more use.
    pub(crate) fn ends_session(&self) -> bool {
        match self {
            Self::Refused { code, .. } => {
                ["390101", "390103", "390104", "390111", "390112", "390113", "390114", "390115"]
                    .contains(&code.as_str())
            }
            _ => true,
        }
    }
}
