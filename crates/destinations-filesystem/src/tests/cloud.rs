//! A bucket in memory that counts its operations. One of them may fail, before or after it was carried out, or be
//! interrupted by another process.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use cartage_destinations_api::Secrets;
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};
use object_store::memory::InMemory;
use object_store::multipart::{MultipartStore, PartId};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartId, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

use crate::store::Bucket;

/// What happens at an operation.
pub(super) enum Fault {
    /// It is not carried out.
    Before,
    /// It is carried out, but its answer is lost.
    After,
    /// It and all others fail from then on, as for a process that is killed.
    Dead,
    /// Another process does something first.
    Interrupt(Box<dyn FnOnce() + Send>),
}

#[derive(Default)]
struct Gate {
    count: usize,
    fault: Option<(usize, Fault)>,
    is_dead: bool,
    /// What was done, for messages.
    log: Vec<String>,
}

enum Way {
    Open,
    Closed,
    AnswerLost,
}

/// One client of the bucket. Others see the same files through clients of their own.
#[derive(Clone)]
pub(super) struct Cloud {
    files: InMemory,
    /// Those that have parts and are neither complete nor given up.
    uploads: Arc<Mutex<BTreeSet<MultipartId>>>,
    gate: Arc<Mutex<Gate>>,
}

impl Cloud {
    pub(super) fn new() -> Self {
        Self { files: InMemory::new(), uploads: Arc::default(), gate: Arc::default() }
    }

    /// Another client, at which nothing fails.
    pub(super) fn other(&self) -> Self {
        Self { gate: Arc::default(), ..self.clone() }
    }

    /// A copy of all files as they are now.
    pub(super) fn copied(&self) -> Self {
        Self { files: self.files.fork(), ..Self::new() }
    }

    /// Lets the operation with this number fail, from 1 on.
    pub(super) fn failing_at(self, number: usize, fault: Fault) -> Self {
        self.gate.lock().unwrap().fault = Some((number, fault));
        self
    }

    /// Whether the fault is still to come.
    pub(super) fn is_unharmed(&self) -> bool {
        self.gate.lock().unwrap().fault.is_some()
    }

    /// How many operations of a kind there were.
    pub(super) fn operations(&self, kind: &str) -> usize {
        self.gate.lock().unwrap().log.iter().filter(|operation| operation.contains(kind)).count()
    }

    pub(super) fn uploads_under_way(&self) -> usize {
        self.uploads.lock().unwrap().len()
    }

    pub(super) fn last_operation(&self) -> String {
        self.gate.lock().unwrap().log.last().cloned().unwrap_or_default()
    }

    /// Names and contents of all files below the dataset, in order.
    pub(super) fn content(&self) -> Vec<(String, String)> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut found = Vec::new();
            for object in self.files.list(None).try_collect::<Vec<_>>().await.unwrap() {
                let bytes = self.files.get_opts(&object.location, GetOptions::default()).await.unwrap();
                let bytes = bytes.bytes().await.unwrap();
                let name = object.location.as_ref().strip_prefix("lake/raw/").expect("below the dataset");
                found.push((name.to_owned(), String::from_utf8_lossy(&bytes).into_owned()));
            }
            found.sort();
            found
        })
    }

    /// The names alone.
    pub(super) fn names(&self) -> Vec<String> {
        self.content().into_iter().map(|(name, _)| name).collect()
    }

    /// A file that another process has written.
    pub(super) fn put(&self, name: &str, text: &str) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let path = Path::from(format!("lake/raw/{name}"));
        let put = self.files.put_opts(&path, text.to_owned().into(), PutOptions::default());
        runtime.block_on(put).unwrap();
    }

    /// The bucket as the destination knows it.
    pub(super) fn bucket(&self, conditional_put: bool, multipart_size: u64) -> Bucket {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        let this = Arc::new(self.clone());
        Bucket {
            runtime: Arc::new(runtime),
            store: Arc::<Self>::clone(&this),
            multipart: this,
            url: "s3://lake/raw".to_owned(),
            prefix: "lake/raw/".to_owned(),
            pipeline: "shop".to_owned(),
            conditional_put,
            multipart_size,
            secrets: Secrets::default(),
        }
    }

    /// What the next operation meets.
    fn next(&self, what: &str) -> Way {
        let mut gate = self.gate.lock().unwrap();
        gate.count += 1;
        let at = format!("operation {}: {what}", gate.count);
        gate.log.push(at);
        if gate.is_dead {
            return Way::Closed;
        }
        let count = gate.count;
        let Some((_, fault)) = gate.fault.take_if(|(number, _)| *number == count) else { return Way::Open };
        match fault {
            Fault::Before => Way::Closed,
            Fault::After => Way::AnswerLost,
            Fault::Dead => {
                gate.is_dead = true;
                Way::Closed
            }
            Fault::Interrupt(act) => {
                drop(gate);
                std::thread::spawn(act).join().expect("the interruption does not panic");
                Way::Open
            }
        }
    }

    async fn pass<T>(&self, what: &str, path: &Path, work: impl Future<Output = Result<T>>) -> Result<T> {
        match self.next(&format!("{what} {path}")) {
            Way::Open => work.await,
            Way::Closed => Err(broken()),
            Way::AnswerLost => work.await.and_then(|_| Err(broken())),
        }
    }
}

/// What clients say about a server that cannot be reached.
fn broken() -> Error {
    Error::Generic { store: "S3", source: "the connection broke".into() }
}

impl fmt::Debug for Cloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cloud")
    }
}

impl fmt::Display for Cloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cloud")
    }
}

#[async_trait]
impl ObjectStore for Cloud {
    async fn put_opts(&self, path: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.pass("put", path, self.files.put_opts(path, payload, options)).await
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.files.put_multipart_opts(path, options).await
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        self.pass("get", path, self.files.get_opts(path, options)).await
    }

    fn delete_stream(&self, paths: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let this = self.clone();
        let delete = move |path: Result<Path>| {
            let this = this.clone();
            async move {
                let path = path?;
                let one = stream::iter([Ok(path.clone())]).boxed();
                let work = async { this.files.delete_stream(one).try_collect::<Vec<_>>().await };
                this.pass("delete", &path, work).await.map(|_| path.clone())
            }
        };
        paths.then(delete).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        match self.next(&format!("list {prefix:?}")) {
            Way::Open => self.files.list(prefix),
            Way::Closed | Way::AnswerLost => stream::iter([Err(broken())]).boxed(),
        }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.files.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.pass("copy", to, self.files.copy_opts(from, to, options)).await
    }
}

#[async_trait]
impl MultipartStore for Cloud {
    async fn create_multipart(&self, path: &Path) -> Result<MultipartId> {
        let begin = async {
            let id = self.files.create_multipart(path).await?;
            self.uploads.lock().unwrap().insert(id.clone());
            Ok(id)
        };
        self.pass("begin parts of", path, begin).await
    }

    async fn put_part(&self, path: &Path, id: &MultipartId, part: usize, data: PutPayload) -> Result<PartId> {
        self.pass("put a part of", path, self.files.put_part(path, id, part, data)).await
    }

    async fn complete_multipart(
        &self,
        path: &Path,
        id: &MultipartId,
        parts: Vec<PartId>,
    ) -> Result<PutResult> {
        let end = async {
            let done = self.files.complete_multipart(path, id, parts).await?;
            self.uploads.lock().unwrap().remove(id);
            Ok(done)
        };
        self.pass("end parts of", path, end).await
    }

    async fn abort_multipart(&self, path: &Path, id: &MultipartId) -> Result<()> {
        let give_up = async {
            self.uploads.lock().unwrap().remove(id);
            self.files.abort_multipart(path, id).await
        };
        self.pass("give up parts of", path, give_up).await
    }
}
