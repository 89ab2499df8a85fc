//! Walking through a document to its rows.

use std::io::Read;
use std::sync::Arc;

use cartage_source_api::{InputPosition, JsonPage, PAGE_BYTES, SourceError};

use super::selector::{Selector, Step};
use super::window::{Take, Window};

/// Reads the rows of a JSON document page by page.
///
/// A document may be a sequence of values, as a file of JSON lines is. Because many rows may be on
/// one line, and one row on many, rows are counted instead of lines: the origin of a row is its number
/// in the document, and the name of the input says so. Errors of the document itself name line and column.
#[derive(Debug)]
pub struct DocumentReader<R> {
    window: Window<R>,
    selector: Selector,
    rows_source: Arc<str>,
    max_row_bytes: usize,
    frames: Vec<Frame>,
    /// Values at the top of the document so far.
    documents: u64,
    rows: u64,
    matched: bool,
    is_lenient: bool,
    rest: Option<Rest>,
}

/// The document without its rows.
#[derive(Debug)]
struct Rest {
    text: Vec<u8>,
    max_bytes: usize,
}

/// A container that is open and holds rows or leads to them.
#[derive(Debug)]
struct Frame {
    kind: Kind,
    /// How many steps of the selector led to what this container holds.
    depth: usize,
    /// Elements or entries passed so far.
    seen: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Every element of this array is a row.
    Rows,
    /// Every element of this array, or every value of this object, goes one step further.
    EachElement,
    EachValue,
    /// One entry of this object, or one element of this array, goes one step further.
    Keyed,
    Indexed,
}

impl<R: Read> DocumentReader<R> {
    /// Reads `input`, which messages name `source`. A row longer than `max_row_bytes` is an error.
    pub fn new(input: R, source: &Arc<str>, selector: Selector, max_row_bytes: usize) -> Self {
        Self {
            window: Window::new(input, Arc::clone(source)),
            selector,
            rows_source: format!("{source}, counting rows").into(),
            max_row_bytes,
            frames: Vec::new(),
            documents: 0,
            rows: 0,
            matched: false,
            is_lenient: false,
            rest: None,
        }
    }

    /// Takes it that a selector may find nothing.
    #[must_use]
    pub fn lenient(mut self) -> Self {
        self.is_lenient = true;
        self
    }

    /// Keeps what surrounds the rows, at most `max_bytes` of it; lists of rows are empty there.
    #[must_use]
    pub fn keeping_rest(mut self, max_bytes: usize) -> Self {
        self.rest = Some(Rest { text: Vec::new(), max_bytes });
        self
    }

    /// What surrounds the rows as far as it was read, if it is kept.
    pub fn rest(&self) -> &[u8] {
        self.rest.as_ref().map_or(&[], |rest| &rest.text)
    }

    /// Whether the selector has led to a value.
    pub fn has_matched(&self) -> bool {
        self.matched
    }

    /// The next page; `None` after the last row.
    ///
    /// # Errors
    /// [`SourceError::Malformed`] where the document cannot be split into rows, with line and column;
    /// [`SourceError::Unusable`] if the selector finds nothing; [`SourceError::Read`].
    pub fn next_page(&mut self) -> Result<Option<JsonPage>, SourceError> {
        let mut page = JsonPage::default();
        while page.text().len() < PAGE_BYTES && self.next_row(&mut page)? {}
        if page.is_empty() {
            self.check_matched()?;
            return Ok(None);
        }
        Ok(Some(page))
    }

    fn check_matched(&self) -> Result<(), SourceError> {
        if self.matched || self.documents == 0 || self.is_lenient {
            return Ok(());
        }
        Err(SourceError::Unusable {
            input: self.window.source().to_string(),
            reason: format!("the data_selector `{}` finds nothing in it", self.selector),
        })
    }

    /// Appends the next row to `page`, if there is one.
    fn next_row(&mut self, page: &mut JsonPage) -> Result<bool, SourceError> {
        loop {
            let at_value = match self.frames.last() {
                None => self.next_document()?,
                Some(frame) => self.next_entry(frame.kind)?,
            };
            match at_value {
                Next::End => return Ok(false),
                Next::Closed => {
                    self.frames.pop();
                }
                Next::Skip => self.skip()?,
                Next::Row => {
                    self.take_row(page)?;
                    return Ok(true);
                }
                Next::Node(depth) => {
                    if self.visit(depth, page)? {
                        return Ok(true);
                    }
                }
            }
        }
    }

    fn next_document(&mut self) -> Result<Next, SourceError> {
        if self.window.peek_token()?.is_none() {
            return Ok(Next::End);
        }
        self.documents += 1;
        Ok(Next::Node(0))
    }

    /// Goes to the next element or entry of the innermost open container.
    fn next_entry(&mut self, kind: Kind) -> Result<Next, SourceError> {
        let is_array = matches!(kind, Kind::Rows | Kind::EachElement | Kind::Indexed);
        let closing = if is_array { b']' } else { b'}' };
        let Some(frame) = self.frames.last() else { return Ok(Next::End) };
        if self.window.peek_token()? == Some(closing) {
            self.window.bump();
            self.keep(&[closing]);
            return Ok(Next::Closed);
        }
        if frame.seen > 0 {
            self.window.expect(b',', "expected a comma or the end of the container")?;
            self.window.peek_token()?;
            if kind != Kind::Rows {
                self.keep(b",");
            }
        }
        let Some(frame) = self.frames.last_mut() else { return Ok(Next::End) };
        let position = frame.seen;
        let depth = frame.depth;
        frame.seen += 1;
        Ok(match kind {
            Kind::Rows => Next::Row,
            Kind::EachElement => Next::Node(depth),
            Kind::Indexed if self.selector.steps.get(depth - 1) == Some(&Step::Index(position)) => {
                Next::Node(depth)
            }
            Kind::Indexed => Next::Skip,
            Kind::EachValue | Kind::Keyed => {
                let key = self.take_key()?;
                let wanted = match &self.selector.steps[depth - 1] {
                    Step::Key(name) => *name == key,
                    _ => true,
                };
                if wanted { Next::Node(depth) } else { Next::Skip }
            }
        })
    }

    fn take_key(&mut self) -> Result<String, SourceError> {
        if self.window.peek_token()? != Some(b'"') {
            return Err(self.window.malformed("expected a key in double quotes"));
        }
        let mut text = Vec::new();
        self.window.take_text(Take::Copy(&mut text, self.max_row_bytes))?;
        let key = serde_json::from_slice(&text)
            .map_err(|_| self.window.malformed("the key before this is not a valid text"))?;
        self.window.expect(b':', "expected a colon after the key")?;
        self.window.peek_token()?;
        self.keep(&text);
        self.keep(b":");
        Ok(key)
    }

    /// Looks at a value to which `depth` steps of the selector led. True if it was a row.
    fn visit(&mut self, depth: usize, page: &mut JsonPage) -> Result<bool, SourceError> {
        let first = self.window.peek_token()?;
        if depth == self.selector.steps.len() {
            return self.select(first, depth, page);
        }
        let kind = match (&self.selector.steps[depth], first) {
            (Step::Key(_), Some(b'{')) => Kind::Keyed,
            (Step::Each, Some(b'{')) => Kind::EachValue,
            (Step::Each, Some(b'[')) => Kind::EachElement,
            (Step::Index(_), Some(b'[')) => Kind::Indexed,
            _ => {
                self.skip()?;
                return Ok(false);
            }
        };
        self.open(kind, depth + 1);
        Ok(false)
    }

    /// Takes a value that the whole selector led to.
    fn select(&mut self, first: Option<u8>, depth: usize, page: &mut JsonPage) -> Result<bool, SourceError> {
        self.matched = true;
        let each_is_a_row = self.selector.steps.last() == Some(&Step::Each);
        match first {
            Some(b'[') if !each_is_a_row => self.open(Kind::Rows, depth),
            // `null` at the end of a path is how APIs say that there are no rows.
            Some(b'n') if depth > 0 => self.skip()?,
            _ => {
                self.keep(b"null");
                self.take_row(page)?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn open(&mut self, kind: Kind, depth: usize) {
        self.window.bump();
        let is_array = matches!(kind, Kind::Rows | Kind::EachElement | Kind::Indexed);
        self.keep(if is_array { b"[" } else { b"{" });
        self.frames.push(Frame { kind, depth, seen: 0 });
    }

    fn skip(&mut self) -> Result<(), SourceError> {
        match &mut self.rest {
            Some(rest) if self.documents == 1 => {
                let taken = self.window.take_value(Take::Copy(&mut rest.text, rest.max_bytes));
                if taken.is_err() && self.window.is_too_long() {
                    let limit = rest.max_bytes;
                    let reason = format!(
                        "the text around the rows is longer than {limit} bytes; check `data_selector`"
                    );
                    return Err(self.window.malformed(&reason));
                }
                taken
            }
            _ => self.window.take_value(Take::Skip),
        }
    }

    /// Adds to what is kept of the first document.
    fn keep(&mut self, text: &[u8]) {
        if let Some(rest) = &mut self.rest
            && self.documents == 1
        {
            rest.text.extend_from_slice(text);
        }
    }

    fn take_row(&mut self, page: &mut JsonPage) -> Result<(), SourceError> {
        let start = page.text().len();
        let limit = start.saturating_add(self.max_row_bytes);
        let place = self.window.place();
        if let Err(error) = self.window.take_value(Take::Copy(page.text_mut(), limit)) {
            if !self.window.is_too_long() {
                return Err(error);
            }
            return Err(self.too_long(place, &page.text()[start..]));
        }
        self.rows += 1;
        page.end_row(&self.rows_source, self.rows);
        Ok(())
    }
}

impl<R> DocumentReader<R> {
    /// What is said of a row that is too long, of which the beginning is known.
    fn too_long(&self, place: InputPosition, beginning: &[u8]) -> SourceError {
        let limit = self.max_row_bytes;
        let inside = match list_inside(beginning) {
            Some(path) if self.selector.steps.is_empty() => {
                format!(
                    "if its rows are the elements of a list, name it, as with `data_selector = \"{path}\"`"
                )
            }
            _ => "choose the rows inside of it with `data_selector`".to_owned(),
        };
        let reason = format!(
            "row {} begins here and is longer than {limit} bytes; {inside}, or raise `max_row_bytes` in `[extract]` \
             (and `runtime.memory_limit`, if that is set)",
            self.rows + 1
        );
        SourceError::Malformed { place, reason }
    }
}

/// The path to the outermost list that is open where a text is cut off.
fn list_inside(text: &[u8]) -> Option<String> {
    let mut path: Vec<Option<String>> = Vec::new();
    let mut key = 0..0;
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => {
                let from = at;
                at += 1;
                while text.get(at).is_some_and(|byte| *byte != b'"') {
                    at += if text[at] == b'\\' { 2 } else { 1 };
                }
                // The text may be cut off inside of this one.
                at = at.min(text.len() - 1);
                key = from..at + 1;
            }
            b'{' | b'[' => path.push(if *byte == b'[' { None } else { Some(String::new()) }),
            b'}' | b']' => drop(path.pop()),
            b':' => {
                // Below a list names do not matter.
                let is_on_the_way = path.iter().all(Option::is_some);
                if let (true, Some(Some(name))) = (is_on_the_way, path.last_mut()) {
                    *name = serde_json::from_slice(&text[key.clone()]).ok()?;
                }
            }
            _ => {}
        }
        at += 1;
    }
    let keys: Vec<String> = path.iter().map_while(Clone::clone).collect();
    let is_plain =
        |key: &String| !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    (path.len() > keys.len() && !keys.is_empty() && keys.iter().all(is_plain)).then(|| keys.join("."))
}

/// Where the walk is.
enum Next {
    /// Before a value to which this many steps of the selector led.
    Node(usize),
    /// Before a row.
    Row,
    /// Before a value that leads nowhere.
    Skip,
    /// Behind the end of the innermost container.
    Closed,
    /// After the document.
    End,
}
