// The part of the action desk that holds and resumes: the freeze, deferred actions that are judged
// again, and what an earlier run of the gateway left open.
#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "base/limits.h"
#include "base/log.h"
#include "gate/action_desk.h"
#include "gate/redaction.h"
#include "model/codec.h"
#include "text/json.h"

namespace countersign::gate {
namespace {

namespace json = boost::json;
using store::Collection;

constexpr std::string_view kFreezeKey = "freeze";

json::string text_json(std::string_view text) {
    return json::string(text.data(), text.size());
}

std::string freeze_document(const Freeze& freeze) {
    return json::serialize(
        json::object{{"frozen", freeze.frozen},
                     {"by", text_json(freeze.by)},
                     {"reason", text_json(freeze.reason)},
                     {"since", freeze.since ? json::value(format_instant(*freeze.since))
                                            : json::value(nullptr)}});
}

Result<Freeze> freeze_from(const std::string& document) {
    const json::value value = TRY(text::parse_json(document, limits::kConfigBytesMax));
    text::ObjectReader in(value, "freeze");
    Freeze freeze;
    freeze.frozen = in.boolean("frozen");
    freeze.by = in.string("by", limits::kCommentBytesMax);
    freeze.reason = in.string("reason", limits::kCommentBytesMax);
    const auto since = in.optional_string("since", limits::kNameBytesMax);
    TRY(in.finish());
    freeze.since = since ? parse_instant(*since) : std::nullopt;
    return freeze;
}

Event freeze_event(const Freeze& freeze) {
    return {"freeze", freeze_document(freeze)};
}

}  // namespace

Result<std::unique_ptr<ActionDesk>> ActionDesk::open(const Rooms& rooms) {
    auto desk = std::make_unique<ActionDesk>(Private{}, rooms);
    TRY(desk->load_freeze());
    desk->left_open_ = TRY(desk->actions_.load_open());
    return desk;
}

Result<void> ActionDesk::load_freeze() {
    const auto document = TRY(store::get(rooms_.core.store, Collection::Meta, kFreezeKey));
    if (document) {
        freeze_ = TRY(freeze_from(*document));
    }
    return {};
}

std::vector<std::string> ActionDesk::left_open() const {
    std::vector<std::string> ids;
    for (const ActionEntry& entry : left_open_) {
        ids.push_back(entry.id);
    }
    return ids;
}

Result<void> ActionDesk::take_up_outcome(const std::string& id,
                                         const RecordedAction::Outcome& outcome) {
    std::optional<ActionEntry> entry = TRY(actions_.find(id));
    if (!entry || entry->state == ActionState::Done) {
        return {};
    }
    apply_outcome(*entry, outcome);
    actions_.store_later(*entry);
    return {};
}

Result<bool> ActionDesk::has_record(const ActionEntry& entry) {
    if (entry.records.empty()) {
        return false;
    }
    const auto line = rooms_.core.recorder.log().read(entry.records.back());
    if (!line.ok()) {
        return line.error().code == ErrorCode::NotFound ? Result<bool>(false)
                                                        : Result<bool>(line.error());
    }
    const audit::ReadRecord record = TRY(audit::read_record(*line));
    const json::value body = TRY(text::parse_json(record.body, limits::kRecordBytesMax));
    text::ObjectReader in(body, "record");
    in.ignore_unknown();
    const auto action = in.optional_string("action", limits::kNameBytesMax);
    TRY(in.finish());
    return action == entry.id;
}

void ActionDesk::apply_end(ActionEntry& entry, const RecordedAction::End& end) {
    entry.state = end.released ? ActionState::Granted : ActionState::Denied;
    entry.decided_by = end.decided_by;
    entry.expires.reset();
    entry.records.push_back(end.seq);
    entry.message = message_for(entry);
}

void ActionDesk::apply_outcome(ActionEntry& entry, const RecordedAction::Outcome& outcome) {
    entry.outcome = outcome.outcome;
    entry.state = ActionState::Done;
    entry.expires.reset();
    entry.records.push_back(outcome.seq);
    entry.message = message_for(entry);
}

Result<void> ActionDesk::resume(const EarlierRun& earlier) {
    for (ActionEntry& entry : std::exchange(left_open_, {})) {
        const RecordedAction& recorded = earlier.action(entry.id);
        if (!recorded.end) {
            take_up(std::move(entry), recorded.votes);
            continue;
        }
        apply_end(entry, *recorded.end);
        if (recorded.outcome) {
            apply_outcome(entry, *recorded.outcome);
        }
        actions_.store_later(entry);
    }
    // Requests whose action never reached the store: nobody was told about them.
    for (const approval::Consent& consent : rooms_.approvals.open_requests()) {
        if (actions_.live(consent.action) == nullptr) {
            TRY(rooms_.approvals.deny(consent.action, "the gateway stopped before it was stored"));
        }
    }
    settle_now();
    return {};
}

void ActionDesk::take_up(ActionEntry entry, const std::vector<model::Vote>& votes) {
    LiveAction action;
    action.entry = std::move(entry);
    action.assessment = action.entry.verdict.assessment;
    action.settled = true;
    action.opened = rooms_.core.clock.monotonic();
    LiveAction& added = actions_.add(std::move(action));
    if (added.entry.state == ActionState::Suspended) {
        return refuse(added, ActionState::Denied, "gateway",
                      "the gateway was restarted while it was suspended; ask again");
    }
    auto consent = rooms_.approvals.find(added.entry.id);
    if (!consent.ok() || !*consent) {
        return refuse(added, ActionState::Denied, "gateway", "its request for consent is lost");
    }
    // The gateway was killed, or lost power, or its disk failed, between the two.
    if ((*consent)->votes != votes) {
        constexpr std::string_view kReason =
            "store and log do not hold the same votes about it; ask again";
        auto withdrawn = rooms_.approvals.deny(added.entry.id, kReason);
        return refuse(added, ActionState::Denied, "gateway", kReason);
    }
    switch ((*consent)->state) {
        case approval::ConsentState::Pending:
            added.entry.expires = (*consent)->expires;
            return;
        case approval::ConsentState::Granted:
            if (!freeze_.frozen) {
                release(added, **consent);
            }
            return;
        case approval::ConsentState::Expired:
            return refuse(added, ActionState::Expired, "silence", "nobody approved it in time");
        case approval::ConsentState::Denied:
            return refuse(added, ActionState::Denied, "gateway", (*consent)->reason);
        case approval::ConsentState::Used:
            return refuse(added, ActionState::Denied, "gateway",
                          "the gateway stopped before its release was recorded");
    }
}

Result<void> ActionDesk::freeze(std::string_view by, std::string_view reason) {
    Freeze next;
    next.frozen = true;
    next.by = by;
    next.reason = reason;
    next.since = rooms_.core.clock.now();
    // Held at once, whatever the disk says: a kill switch must not depend on it.
    freeze_ = next;
    rooms_.core.events.add(freeze_event(freeze_));
    TRY(store::put(rooms_.core.store, store::Durability::Synced, Collection::Meta, kFreezeKey,
                   freeze_document(next), {}));
    TRY(rooms_.core.recorder.record_now(
        audit::freeze_record({std::string(by), std::string(reason)})));
    return {};
}

Result<void> ActionDesk::thaw(std::string_view by, std::string_view reason) {
    if (!freeze_.frozen) {
        return Error(ErrorCode::Conflict, "nothing is frozen");
    }
    TRY(rooms_.core.recorder.record_now(
        audit::thaw_record({std::string(by), std::string(reason)})));
    const Freeze next;
    TRY(store::put(rooms_.core.store, store::Durability::Synced, Collection::Meta, kFreezeKey,
                   freeze_document(next), {}));
    freeze_ = next;
    rooms_.core.events.add(freeze_event(freeze_));
    resume_suspended({}, true, "thaw by " + std::string(by));
    for (const std::string& id : actions_.open({})) {
        LiveAction* action = actions_.live(id);
        const auto consent = rooms_.approvals.find(id);
        if (action->entry.state == ActionState::Pending && consent.ok() && *consent &&
            (*consent)->state == approval::ConsentState::Granted) {
            release(*action, **consent);
        }
    }
    settle_now();
    return {};
}

std::size_t ActionDesk::resume_suspended(std::string_view session, bool by_freeze,
                                         std::string_view why) {
    std::size_t count = 0;
    for (const std::string& id : actions_.open(session)) {
        LiveAction* action = actions_.live(id);
        if (action->entry.state == ActionState::Suspended && action->by_freeze == by_freeze &&
            action->settled && action->original) {
            judge_again(*action, why);
            ++count;
        }
    }
    return count;
}

void ActionDesk::judge_again(LiveAction& action, std::string_view why) {
    ActionEntry& entry = action.entry;
    const model::ActionRequest request = *action.original;
    const ActionState before = entry.state;
    apply(action, judge_now(request, action.entry.digest, action.ceiling, rooms_.core.clock.now()),
          request);
    switch (entry.state) {
        case ActionState::Granted:
            // Not yet: it is open until its release is on disk.
            entry.state = before;
            return release_suspended(action, why);
        case ActionState::Denied:
            entry.state = before;
            return refuse(action, ActionState::Denied, entry.decided_by, entry.verdict.reason);
        case ActionState::Pending:
            record_decision(action, 0);
            action.settled = false;
            unsettled_.push_back(entry.id);
            return;
        case ActionState::Suspended:
        case ActionState::Expired:
        case ActionState::Done:
            return;
    }
}

void ActionDesk::release_suspended(LiveAction& action, std::string_view why) {
    ActionEntry& entry = action.entry;
    const Instant now = rooms_.core.clock.now();
    audit::ReleaseRecord body;
    body.action = entry.id;
    body.digest = entry.digest;
    body.session = entry.request.context.session;
    body.decided_by = why;
    // The wall clock may have been set back meanwhile.
    body.waited_us = std::max<std::int64_t>(now.microseconds - entry.created.microseconds, 0);
    auto recorded = rooms_.core.recorder.record_now(audit::to_record(body));
    if (!recorded.ok()) {
        return unrecorded(action, recorded.error());
    }
    entry.records.push_back(*recorded);
    entry.state = ActionState::Granted;
    entry.decided = now;
    entry.expires.reset();
    entry.message = message_for(entry);
    actions_.changed(action);
    released(action);
    publish(entry);
    action.original.reset();
}

}  // namespace countersign::gate
