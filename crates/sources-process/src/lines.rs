//! A program that prints rows, one JSON object a line: one resource.

use std::num::NonZeroUsize;
use std::sync::Arc;

use cartage_row_readers::Lines;
use cartage_source_api::{Input, OpenContext, Page, Producer, SourceError};

use crate::command::ProgramSettings;
use crate::output::Output;
use crate::program::{Arguments, Program};

/// Reads the lines of a program.
pub(crate) struct LinesProducer {
    settings: Arc<ProgramSettings>,
    context: Option<OpenContext>,
    running: Option<(Program, Lines<Output>)>,
    input: Input,
}

impl LinesProducer {
    pub(crate) fn new(settings: Arc<ProgramSettings>) -> Self {
        let name = format!("output of `{}`", settings.shown);
        Self { settings, context: None, running: None, input: Input { name, bytes: 0, rows: 0 } }
    }
}

impl Producer for LinesProducer {
    fn open(&mut self, context: &OpenContext) -> Result<Option<u64>, SourceError> {
        self.context = Some(context.clone());
        Ok(None)
    }

    fn next_page(&mut self) -> Result<Option<Page>, SourceError> {
        if let Some(context) = self.context.take() {
            let (mut program, output) =
                Program::start(&self.settings, &Arguments::default(), &context.cancel)?;
            program.close_input();
            let source = Arc::from(self.input.name.as_str());
            self.running = Some((program, Lines::new(output, source, context.max_line_bytes)));
        }
        let Some((program, lines)) = &mut self.running else { return Ok(None) };
        let page = match lines.next_page() {
            Err(SourceError::Read { source, .. }) => {
                return Err(program.unusable(&format!("its output cannot be read: {source}")));
            }
            page => page?,
        };
        let Some(page) = page else {
            program.finish()?;
            self.running = None;
            return Ok(None);
        };
        self.input.rows += page.rows();
        self.input.bytes += page.text().len() as u64;
        Ok(Some(Page::Json(page)))
    }

    fn inputs(&self) -> Vec<Input> {
        vec![self.input.clone()]
    }

    fn close(&mut self) {
        self.running = None;
    }

    fn most_at_once(&self) -> Option<NonZeroUsize> {
        Some(crate::driver::AT_ONCE)
    }
}
