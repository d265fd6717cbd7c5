/* A watcher that writes down what it is told. */
#include "recording_watcher.h"

#include "zk/jute/data.h"
#include "zk_test.h"

static void recording_process(struct watcher *watcher, const struct watched_event *event,
                              const struct zk_acl_list *acl)
{
    struct recording_watcher *recording = (struct recording_watcher *)watcher;
    assert_int_equal(event->state, KEEPER_STATE_SYNC_CONNECTED);
    zk_str_printf(&recording->told, "%s%d ", recording->told.length > 0 ? ", " : "", event->type);
    zk_str_append_bytes(&recording->told, event->path.text, event->path.length);
    zk_text_copy(recording->acl, sizeof recording->acl, "no");
    if (acl != NULL)
        zk_text_copy(recording->acl, sizeof recording->acl,
                     acl->count > 0 && acl->items[0].id.scheme.text != NULL
                         ? acl->items[0].id.scheme.text
                         : "");
}

static bool recording_is_stale(struct watcher *watcher)
{
    return ((struct recording_watcher *)watcher)->is_stale;
}

static int64_t recording_get_session_id(struct watcher *watcher)
{
    return ((struct recording_watcher *)watcher)->session_id;
}

static const struct watcher_ops recording_watcher_ops = {
    .process = recording_process,
    .is_stale = recording_is_stale,
    .get_session_id = recording_get_session_id,
};

void recording_watcher_init(struct recording_watcher *recording, int64_t session_id)
{
    *recording = (struct recording_watcher){.watcher = {.ops = &recording_watcher_ops},
                                            .session_id = session_id};
}

void recording_watcher_done(struct recording_watcher *recording)
{
    zk_str_done(&recording->told);
}

void assert_told(struct recording_watcher *recording, const char *events)
{
    assert_string_equal(zk_str_text(&recording->told), events);
    zk_str_clear(&recording->told);
}
