#include "gate/earlier_run.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <utility>

#include "base/limits.h"
#include "model/codec.h"
#include "text/json.h"

namespace countersign::gate {
namespace {

using audit::ReadRecord;
using audit::RecordType;

/// What a start has to know of; the rest is passed over.
constexpr std::array kTypes = {
    RecordType::SessionStart, RecordType::SessionEnd, RecordType::ApproverChange, RecordType::Vote,
    RecordType::Release,      RecordType::Refusal,    RecordType::Outcome};

struct ApproverChange {
    std::string name;
    std::string key;  ///< empty: removed
};

Result<ApproverChange> approver_change(const ReadRecord& record) {
    const auto body = TRY(text::parse_json(record.body, limits::kRecordBytesMax));
    text::ObjectReader in(body, "approver record");
    in.ignore_unknown();
    ApproverChange out;
    const std::string change = in.string("change", limits::kNameBytesMax);
    out.name = in.string("name", limits::kNameBytesMax);
    const std::string key = in.string("public_key", limits::kKeyFileBytesMax);
    TRY(in.finish());
    out.key = change == "enrolled" ? key : std::string();
    return out;
}

Result<std::string> started_session(const ReadRecord& record) {
    const auto body = TRY(text::parse_json(record.body, limits::kRecordBytesMax));
    text::ObjectReader in(body, "session record");
    in.ignore_unknown();
    const auto* session = in.member("session");
    TRY(in.finish());
    const model::Session started = TRY(model::session_from(*session));
    return started.id;
}

Result<std::string> ended_session(const ReadRecord& record) {
    const auto body = TRY(text::parse_json(record.body, limits::kRecordBytesMax));
    text::ObjectReader in(body, "session record");
    in.ignore_unknown();
    std::string session = in.string("session", limits::kNameBytesMax);
    TRY(in.finish());
    return session;
}

/// What one record says about one action.
Result<std::pair<std::string, RecordedAction>> about_action(const ReadRecord& record) {
    const auto body = TRY(text::parse_json(record.body, limits::kRecordBytesMax));
    text::ObjectReader in(body, "record of an action");
    in.ignore_unknown();
    std::pair<std::string, RecordedAction> out;
    if (record.type == "vote") {
        const auto* member = in.member("vote");
        TRY(in.finish());
        model::Vote vote = TRY(model::vote_from(*member));
        out.first = vote.action;
        out.second.votes.push_back(std::move(vote));
        return out;
    }
    out.first = in.string("action", limits::kNameBytesMax);
    if (record.type == "outcome") {
        const auto* member = in.member("outcome");
        TRY(in.finish());
        model::Outcome outcome = TRY(model::outcome_from(*member));
        out.second.outcome = RecordedAction::Outcome{std::move(outcome), record.seq};
        return out;
    }
    RecordedAction::End end;
    end.released = record.type == "release";
    end.decided_by = in.string("decided_by", limits::kCommentBytesMax);
    end.seq = record.seq;
    TRY(in.finish());
    out.second.end = std::move(end);
    return out;
}

void add(RecordedAction& to, RecordedAction more) {
    to.votes.insert(to.votes.end(), std::make_move_iterator(more.votes.begin()),
                    std::make_move_iterator(more.votes.end()));
    if (more.end) {
        to.end = std::move(more.end);
    }
    if (more.outcome) {
        to.outcome = std::move(more.outcome);
    }
}

bool is_about_actions(std::string_view type) {
    return type == "vote" || type == "release" || type == "refusal" || type == "outcome";
}

}  // namespace

Result<EarlierRun> EarlierRun::read(AuditSearch& search, audit::Log& log, const Wanted& wanted) {
    EarlierRun out(search);
    out.indexed_ = log.size() - search.lag();
    for (const std::string& id : wanted.open_actions) {
        out.actions_[id];
        TRY(out.look_up(id));
    }
    const auto take = [&](const ReadRecord& record) { return out.take(record, wanted); };
    TRY(log.each_of(std::min(out.indexed_, wanted.stored_through), kTypes, take));
    return out;
}

/// What the index knows about an open action.
Result<void> EarlierRun::look_up(const std::string& action) {
    AuditQuery query;
    query.action = action;
    query.limit = limits::kPageEntriesMax;
    do {
        const AuditPage page = TRY(search_->find_indexed(query));
        for (const std::string& line : page.lines) {
            const ReadRecord record = TRY(audit::read_record(line));
            if (record.seq < indexed_ && is_about_actions(record.type)) {
                auto said = TRY(about_action(record));
                add(actions_[action], std::move(said.second));
            }
        }
        query.after = page.next;
    } while (query.after);
    return {};
}

Result<void> EarlierRun::take(const ReadRecord& record, const Wanted& wanted) {
    if (is_about_actions(record.type)) {
        return take_about_action(record, wanted);
    }
    if (record.seq < indexed_) {
        return {};
    }
    if (record.type == "approver") {
        approver_changes_.push_back(record);
        return {};
    }
    const bool end = record.type == "session_end";
    std::string session = TRY(end ? ended_session(record) : started_session(record));
    (end ? ended_ : started_).insert(std::move(session));
    return {};
}

Result<void> EarlierRun::take_about_action(const ReadRecord& record, const Wanted& wanted) {
    const bool outcome = record.type == "outcome" && record.seq >= wanted.stored_through;
    if (actions_.empty() && !outcome) {
        return {};
    }
    auto said = TRY(about_action(record));
    const auto open = actions_.find(said.first);
    if (open == actions_.end()) {
        return outcome ? wanted.outcome(said.first, *said.second.outcome) : Result<void>();
    }
    if (record.seq >= indexed_) {
        add(open->second, std::move(said.second));
    }
    return {};
}

Result<bool> EarlierRun::has_record(RecordType type, const std::string& session) const {
    AuditQuery query;
    query.type = audit::record_type_name(type);
    query.session = session;
    query.limit = 1;
    const AuditPage found = TRY(search_->find_indexed(query));
    return !found.lines.empty();
}

Result<bool> EarlierRun::began(const std::string& session) const {
    return started_.contains(session) ? Result<bool>(true)
                                      : has_record(RecordType::SessionStart, session);
}

Result<bool> EarlierRun::ended(const std::string& session) const {
    return ended_.contains(session) ? Result<bool>(true)
                                    : has_record(RecordType::SessionEnd, session);
}

Result<std::map<std::string, std::string>> EarlierRun::enrolled() const {
    std::map<std::string, std::string> out;
    const auto take = [&out](const ReadRecord& record) -> Result<void> {
        ApproverChange change = TRY(approver_change(record));
        if (change.key.empty()) {
            out.erase(change.name);
        } else {
            out.insert_or_assign(std::move(change.name), std::move(change.key));
        }
        return {};
    };
    AuditQuery query;
    query.type = audit::record_type_name(RecordType::ApproverChange);
    query.limit = limits::kPageEntriesMax;
    do {
        const AuditPage page = TRY(search_->find_indexed(query));
        for (const std::string& line : page.lines) {
            const ReadRecord record = TRY(audit::read_record(line));
            TRY(take(record));
        }
        query.after = page.next;
    } while (query.after);
    for (const ReadRecord& record : approver_changes_) {
        TRY(take(record));
    }
    return out;
}

const RecordedAction& EarlierRun::action(std::string_view id) const {
    static const RecordedAction kNothing;
    const auto found = actions_.find(id);
    return found == actions_.end() ? kNothing : found->second;
}

}  // namespace countersign::gate
