"""How dlt is made to evaluate a source."""

import os


def extract_class():
    """dlt's extract step with Cartage in the place of its files."""
    from dlt.common.storages import NormalizeStorageConfiguration
    from dlt.extract.extract import Extract
    from dlt.extract.pipe_iterator import PipeIterator

    class CartageExtract(Extract):
        def __init__(self, folder, items):
            # The state of the load package lives in that folder, for those who use it.
            storage = NormalizeStorageConfiguration(normalize_volume_path=os.path.join(folder, "extract"))
            super().__init__(None, storage)
            self.taker = items

        def _extract_single_source(self, load_id, source, **_):
            with PipeIterator.from_pipes(source.resources.selected_pipes) as items:
                for item in items:
                    resource = source.resources.with_pipe(item.pipe)
                    try:
                        self.taker.write(resource, item.item, item.meta)
                    except Exception as error:
                        error.cartage_resource = resource.name
                        raise

    return CartageExtract


def limit_resource(resource, limit):
    if resource.is_transformer:
        return
    for count, is_rows in ((limit.get("pages"), False), (limit.get("rows"), True)):
        if count is not None:
            own = getattr(resource, "limit", None)
            if own is None or own.max_items is None or own.max_items < 0 or own.max_items > count:
                resource.add_limit(count, count_rows=is_rows)
            return
