#include "gate/actions.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "base/limits.h"
#include "gate/entry.h"
#include "text/json.h"
#include "text/number.h"

namespace countersign::gate {
namespace {

using store::Collection;

/// Meta: how many of the log's records the stored actions reflect.
constexpr std::string_view kStoredKey = "actions_stored";

/// The document is our own: larger than any request, smaller than what the store takes.
Result<ActionEntry> read_entry(const std::string& document) {
    const boost::json::value value = TRY(text::parse_json(document, store::kDocumentBytesMax));
    return entry_from(value);
}

Result<void> put_entry(store::Transaction& transaction, const ActionEntry& entry) {
    const std::string created = format_instant(entry.created);
    return transaction.put(Collection::Actions, entry.id, stored_text(entry),
                           {{"state", action_state_name(entry.state)},
                            {"session", entry.request.context.session},
                            {"created", created},
                            {"agent_type", entry.request.context.agent.type}});
}

}  // namespace

Result<std::vector<ActionEntry>> Actions::load_open() {
    std::vector<ActionEntry> found;
    for (const ActionState state : {ActionState::Pending, ActionState::Suspended}) {
        store::Query query;
        query.where = {{"state", action_state_name(state)}};
        query.limit = limits::kPageEntriesMax;
        auto transaction = TRY(store_.begin(store::Access::Read, store::Durability::Written));
        TRY(store::for_each(*transaction, Collection::Actions, query,
                            [&](const store::Document& document) -> Result<void> {
                                ActionEntry entry = TRY(read_entry(document.value));
                                found.push_back(std::move(entry));
                                return {};
                            }));
    }
    return found;
}

LiveAction& Actions::add(LiveAction action) {
    const std::string id = action.entry.id;
    LiveAction& added = live_.insert_or_assign(id, std::move(action)).first->second;
    dirty_.mark(id);
    note_state(added);
    return added;
}

void Actions::note_state(const LiveAction& action) {
    const std::string& id = action.entry.id;
    if (is_open(action.entry.state)) {
        open_.insert(id);
        return;
    }
    open_.erase(id);
    if (action.entry.state == ActionState::Granted) {
        released_.insert(id);
    } else {
        released_.erase(id);
    }
}

LiveAction* Actions::live(std::string_view id) {
    const auto found = live_.find(id);
    return found == live_.end() ? nullptr : &found->second;
}

const LiveAction* Actions::live(std::string_view id) const {
    const auto found = live_.find(id);
    return found == live_.end() ? nullptr : &found->second;
}

LiveAction* Actions::unused_command(std::string_view session, const crypto::Digest& text) {
    for (auto id = released_.rbegin(); id != released_.rend(); ++id) {
        LiveAction* action = live(*id);
        if (action != nullptr && action->settled && !action->text_used && action->text == text &&
            action->entry.state == ActionState::Granted &&
            action->entry.request.context.session == session) {
            return action;
        }
    }
    return nullptr;
}

Result<std::optional<ActionEntry>> Actions::find(std::string_view id) {
    if (const LiveAction* action = live(id)) {
        return std::optional(action->entry);
    }
    const auto waiting = stray_.find(id);
    if (waiting != stray_.end()) {
        return std::optional(waiting->second);
    }
    const std::optional<std::string> document = TRY(store::get(store_, Collection::Actions, id));
    if (!document) {
        return std::optional<ActionEntry>();
    }
    ActionEntry entry = TRY(read_entry(*document));
    return std::optional(std::move(entry));
}

void Actions::changed(LiveAction& action) {
    dirty_.mark(action.entry.id);
    note_state(action);
}

void Actions::store_later(const ActionEntry& entry) {
    stray_.insert_or_assign(entry.id, entry);
    strays_.mark(entry.id);
}

std::vector<std::string> Actions::open(std::string_view session) const {
    std::vector<std::string> ids;
    for (const std::string& id : open_) {
        const auto action = live_.find(id);
        if (action != live_.end() &&
            (session.empty() || action->second.entry.request.context.session == session)) {
            ids.push_back(id);
        }
    }
    return ids;
}

std::size_t Actions::open_count() const {
    return open_.size();
}

std::size_t Actions::open_count(std::string_view session) const {
    return open(session).size();
}

Result<std::vector<ActionEntry>> Actions::list(const Query& query) {
    TRY(write_now());
    store::Query find;
    if (query.state) {
        find.where.push_back({"state", action_state_name(*query.state)});
    }
    if (!query.session.empty()) {
        find.where.push_back({"session", query.session});
    }
    find.after = query.after;
    find.order = store::Order::Descending;
    find.limit = query.limit;
    std::vector<ActionEntry> entries;
    for (const store::Document& document : TRY(store::find(store_, Collection::Actions, find))) {
        ActionEntry entry = TRY(read_entry(document.value));
        entries.push_back(std::move(entry));
    }
    return entries;
}

Actions::Writing Actions::begin_write(std::size_t most, std::uint64_t records) {
    Writing writing;
    std::vector<std::string> ready;
    for (const std::string& id : dirty_.waiting()) {
        const LiveAction* action = live(id);
        if (action != nullptr && !action->settled) {
            continue;
        }
        if (ready.size() == most) {
            break;
        }
        ready.push_back(id);
        if (action != nullptr) {
            writing.entries.push_back(action->entry);
        }
    }
    for (const std::string& id : ready) {
        dirty_.begin(id);
    }
    while (!strays_.waiting().empty()) {
        const std::string id = *strays_.waiting().begin();
        writing.entries.push_back(stray_.at(id));
        strays_.begin(id);
    }
    if (dirty_.waiting().empty()) {
        writing.stored_through = records;
    }
    return writing;
}

Result<void> Actions::put(store::Transaction& transaction, const Writing& writing) {
    for (const ActionEntry& entry : writing.entries) {
        TRY(put_entry(transaction, entry));
    }
    if (writing.stored_through) {
        TRY(transaction.put(Collection::Meta, kStoredKey, std::to_string(*writing.stored_through),
                            {}));
    }
    return {};
}

void Actions::end_write(Written written) {
    for (const std::string& id : dirty_.end(written)) {
        forget_stored(id);
    }
    for (const std::string& id : strays_.end(written)) {
        stray_.erase(id);
    }
    trim_released();
}

/// What is final and in the store need not be in memory.
void Actions::forget_stored(const std::string& id) {
    const LiveAction* action = live(id);
    if (action != nullptr && !is_open(action->entry.state) &&
        action->entry.state != ActionState::Granted) {
        live_.erase(live_.find(id));
    }
}

Result<std::uint64_t> Actions::stored_through() {
    const auto document = TRY(store::get(store_, Collection::Meta, kStoredKey));
    if (!document) {
        return 0U;
    }
    const auto number = text::parse_integer(*document, 0, INT64_MAX);
    if (!number) {
        return Error(ErrorCode::Corrupt, "the store's count of records is not a number");
    }
    return static_cast<std::uint64_t>(*number);
}

void Actions::trim_released() {
    while (released_.size() > kReleasedInMemoryMax) {
        const auto oldest = released_.begin();
        if (dirty_.contains(*oldest)) {
            return;
        }
        live_.erase(*oldest);
        released_.erase(oldest);
    }
}

Result<void> Actions::write_now() {
    if (!dirty()) {
        return {};
    }
    std::vector<std::string> stored;
    auto transaction = TRY(store_.begin(store::Access::Write, store::Durability::Written));
    for (const DirtyIds::Ids* ids : {&dirty_.waiting(), &dirty_.under_way()}) {
        for (const std::string& id : *ids) {
            const LiveAction* action = live(id);
            if (action != nullptr && action->settled) {
                TRY(put_entry(*transaction, action->entry));
            }
            if (action == nullptr || action->settled) {
                stored.push_back(id);
            }
        }
    }
    for (const auto& [id, entry] : stray_) {
        TRY(put_entry(*transaction, entry));
    }
    TRY(transaction->commit());
    for (const std::string& id : stored) {
        dirty_.clear(id);
        if (!dirty_.contains(id)) {
            forget_stored(id);
        }
    }
    for (const auto& [id, entry] : stray_) {
        strays_.clear(id);
    }
    std::erase_if(stray_, [&](const auto& stray) { return !strays_.contains(stray.first); });
    trim_released();
    return {};
}

}  // namespace countersign::gate
