//! [`Custom`]: a destination made of a sink.

use cartage_destinations_api::{
    Capabilities, ConnectRequest, Description, Destination, Error, Job, JobFile, JobOutcome, LoadCommit,
    LoadInFlight, LoadKey, LoadPlan, LoadStatus, NoKeys, PreparedLoad, Probe, Result,
};
use cartage_runtime::CancelToken;
use cartage_schema::Table;

use crate::batches::{Batches, Cut, is_own};
use crate::config::Settings;
use crate::positions::{Position, Positions};
use crate::sink::{Batch, Rows, Sink};

/// A destination that hands its rows to a [`Sink`].
#[derive(Debug)]
pub struct Custom {
    sink: Box<dyn Sink>,
    settings: Settings,
    dataset: String,
    positions: Positions,
    cancel: CancelToken,
}

impl Custom {
    /// Makes a destination of a sink that has no settings of its own.
    ///
    /// # Errors
    /// As for [`Custom::with_settings`], and Invalid if a key is unknown or its value is not allowed.
    pub fn connect(request: &ConnectRequest, sink: impl Sink + 'static) -> Result<Self> {
        let (settings, NoKeys {}) = Settings::read(request)?;
        Self::with_settings(request, settings, sink)
    }

    /// Makes a destination of a sink whose settings were read from the request, too.
    ///
    /// # Errors
    /// Invalid if the sink cannot take files of the format that the settings ask for.
    pub fn with_settings(
        request: &ConnectRequest,
        settings: Settings,
        sink: impl Sink + 'static,
    ) -> Result<Self> {
        let asked = settings.capabilities.files.preferred_format;
        if let Some(only) = sink.only_format().filter(|only| *only != asked) {
            let message = format!("{} takes {only}, but normalize is asked for {asked}", sink.location());
            return Err(Error::invalid(message).with_remedy(format!("set loader_file_format = \"{only}\"")));
        }
        Ok(Self {
            sink: Box::new(sink),
            settings,
            dataset: request.dataset_name.clone(),
            positions: Positions::open(request.state_dir.as_deref())?,
            cancel: request.cancel.clone(),
        })
    }
}

impl Destination for Custom {
    fn description(&self) -> Description {
        Description::new(&self.capabilities().destination, self.sink.location(), &self.dataset)
    }

    fn capabilities(&self) -> &Capabilities {
        &self.settings.capabilities
    }

    fn load_status(&self, load: &LoadKey) -> Result<LoadStatus> {
        Ok(self.positions.status(load))
    }

    fn prepare_load(&self, plan: &LoadPlan) -> Result<PreparedLoad> {
        self.positions.begin(&plan.key)?;
        Ok(PreparedLoad::default())
    }

    fn open_job<'a>(&'a self, plan: &'a LoadPlan, job: &'a JobFile) -> Result<Box<dyn Job + 'a>> {
        let table = plan.schema.tables.get(&job.table).filter(|_| plan.table(&job.table).is_some());
        let table = table.ok_or_else(|| {
            Error::invalid(format!("table {} is not part of load {}", job.table, plan.key.load_id))
        })?;
        self.capabilities().file_format(Some(job.format))?;
        Ok(Box::new(BatchJob { custom: self, plan, job, table: self.shown(table) }))
    }

    fn complete_load(&self, commit: &LoadCommit) -> Result<()> {
        self.positions.complete(&commit.key)
    }

    fn probes(&self) -> Vec<Probe<'_>> {
        vec![
            Probe::new("take rows", || self.sink.probe()),
            Probe::new("remember positions", || self.positions.probe()),
        ]
    }

    fn loads_in_flight(&self) -> Result<Vec<LoadInFlight>> {
        Ok(self.positions.in_flight())
    }
}

impl Custom {
    /// A table as far as its rows are handed over.
    fn shown(&self, table: &Table) -> Table {
        let mut table = table.clone();
        if self.settings.skip_dlt_columns_and_tables {
            table.columns.retain(|name, _| !is_own(name));
        }
        table
    }
}

/// One file, batch by batch.
struct BatchJob<'a> {
    custom: &'a Custom,
    plan: &'a LoadPlan,
    job: &'a JobFile,
    table: Table,
}

impl Job for BatchJob<'_> {
    fn run(self: Box<Self>) -> Result<JobOutcome> {
        let Settings { batch_size, skip_dlt_columns_and_tables, .. } = self.custom.settings;
        if skip_dlt_columns_and_tables && is_own(&self.job.table) {
            return Ok(JobOutcome::Done { rows: 0 });
        }
        let mut position = self.custom.positions.job(&self.plan.key, &self.job.id)?;
        if position.is_done() {
            return Ok(JobOutcome::DoneBefore);
        }
        let begin = position.rows();
        let whole = if batch_size == 0 { self.file()? } else { self.batches(&mut position)? };
        if !whole {
            return Ok(JobOutcome::Interrupted);
        }
        position.finish()?;
        Ok(JobOutcome::Done { rows: self.job.rows.saturating_sub(begin) })
    }
}

impl BatchJob<'_> {
    /// Hands over the file itself.
    fn file(&self) -> Result<bool> {
        self.take(0, Rows::File(self.job))?;
        Ok(true)
    }

    /// Hands over what was not taken before; false if the user asked to stop.
    fn batches(&self, position: &mut Position) -> Result<bool> {
        let Settings { batch_size, skip_dlt_columns_and_tables, .. } = self.custom.settings;
        let cut = Cut { size: batch_size, skip_own: skip_dlt_columns_and_tables };
        let mut batches = Batches::open(self.job, position.rows(), cut)?;
        while let Some(batch) = batches.next()? {
            if self.custom.cancel.is_cancelled() {
                return Ok(false);
            }
            let rows = batch.rows();
            self.take(position.rows(), rows)?;
            position.advance(position.rows() + rows.count())?;
        }
        Ok(true)
    }

    fn take(&self, first_row: u64, rows: Rows<'_>) -> Result<()> {
        let batch = Batch {
            load: &self.plan.key,
            dataset: &self.custom.dataset,
            job_id: &self.job.id,
            table: &self.table,
            disposition: self.plan.schema.write_disposition(&self.job.table),
            first_row,
            rows,
        };
        let last = first_row + rows.count();
        self.custom.sink.take(&batch).map_err(|error| {
            error.context(format!("rows {} to {last} of job {}", first_row + 1, self.job.id))
        })
    }
}
