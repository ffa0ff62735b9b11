#include "gate/gate.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/limits.h"
#include "base/log.h"

namespace countersign::gate {
namespace {

/// Records that one tick has indexed at most: the loop reads them, the store's thread does the
/// rest.
constexpr std::size_t kIndexPerTick = 512;
/// With more records than this between two ticks the index waits for a quieter moment, or for a
/// question, which catches up first; but it never lags further than kIndexLagMax.
constexpr std::uint64_t kBusyRecords = 16;
constexpr std::uint64_t kIndexLagMax = 20'000;
/// What a busy tick makes anew when somebody asked for that, so that it comes to an end.
constexpr std::size_t kAnewWhileBusy = 64;
/// Actions that one tick hands over at most: the loop copies them. What is asked of the store is
/// written first (Actions::list), and a start takes up what a killed gateway did not store.
constexpr std::size_t kStorePerTick = 256;

}  // namespace

Gate::Gate(Private, const Parts& parts, std::unique_ptr<session::Sessions> sessions,
           std::unique_ptr<approval::Approvers> approvers,
           std::unique_ptr<approval::Approvals> approvals, std::unique_ptr<Rulebook> rules,
           Experience experience)
    : core_{parts.store,
            parts.files,
            parts.clock,
            parts.random,
            parts.machine,
            Recorder(parts.log),
            Events(),
            Metrics(),
            parts.state_directory,
            parts.host,
            Openings(),
            Alerts(),
            Redactor(parts.redaction_key)},
      version_(parts.version),
      configuration_digest_(parts.configuration_digest),
      sessions_(std::move(sessions)),
      approvers_(std::move(approvers)),
      approvals_(std::move(approvals)),
      rules_(std::move(rules)),
      experience_(std::move(experience)),
      sessions_desk_(core_, *sessions_, experience_),
      people_(core_, *rules_, *approvers_, parts.policy_files),
      search_(core_),
      started_(parts.clock.monotonic()),
      checkpointed_(started_),
      baselines_written_(started_) {}

Result<std::unique_ptr<Gate>> Gate::open(const Parts& parts) {
    auto sessions = TRY(session::Sessions::open(parts.store, parts.clock, parts.random));
    auto approvers = TRY(approval::Approvers::open(parts.store, parts.clock));
    auto approvals = TRY(approval::Approvals::open(parts.store, parts.clock, *approvers));
    auto rules = TRY(Rulebook::open(parts.store, parts.policy));
    Experience experience = TRY(Experience::open(parts.store));
    auto gate =
        std::make_unique<Gate>(Private{}, parts, std::move(sessions), std::move(approvers),
                               std::move(approvals), std::move(rules), std::move(experience));
    TRY(gate->start());
    return gate;
}

Result<void> Gate::start() {
    TRY(search_.open());
    actions_ =
        TRY(ActionDesk::open({core_, *rules_, experience_, *sessions_, *approvals_, *approvers_}));
    EarlierRun::Wanted wanted;
    wanted.open_actions = actions_->left_open();
    wanted.stored_through = TRY(actions_->actions().stored_through());
    wanted.outcome = [this](const std::string& action, const RecordedAction::Outcome& outcome) {
        return actions_->take_up_outcome(action, outcome);
    };
    const EarlierRun earlier =
        TRY(EarlierRun::read(search_, core_.recorder.log(), std::move(wanted)));
    TRY(end_what_the_log_ended(earlier));
    TRY(remove_whom_the_log_does_not_know(earlier));
    audit::GatewayStart body;
    body.version = version_;
    body.configuration = configuration_digest_;
    body.policy = rules_->policy().digest();
    body.host = core_.host;
    TRY(core_.recorder.record_now(audit::to_record(body)));
    TRY(actions_->resume(earlier));
    incidents_ = std::make_unique<IncidentDesk>(core_, sessions_desk_, *actions_);
    return {};
}

Result<void> Gate::end_what_the_log_ended(const EarlierRun& earlier) {
    std::vector<std::string> ended;
    std::string after;
    while (true) {
        const std::vector<model::Session> page =
            TRY(sessions_->list(model::SessionState::Active, after, limits::kPageEntriesMax));
        for (const model::Session& session : page) {
            // One that never began by the log's word ends without a word as well.
            const bool began = TRY(earlier.began(session.id));
            const bool over = TRY(earlier.ended(session.id));
            if (!began || over) {
                ended.push_back(session.id);
            }
        }
        if (page.size() < limits::kPageEntriesMax) {
            return sessions_desk_.end_recorded(ended);
        }
        after = page.back().id;
    }
}

Result<void> Gate::remove_whom_the_log_does_not_know(const EarlierRun& earlier) {
    const std::map<std::string, std::string> enrolled = TRY(earlier.enrolled());
    for (const model::Approver& approver : approvers_->list()) {
        const auto key = enrolled.find(approver.name);
        if (approver.active && (key == enrolled.end() || key->second != approver.public_key)) {
            log::warning("approver " + approver.name + " is not enrolled by the log: removed");
            TRY(approvers_->remove(approver.name));
        }
    }
    return {};
}

Result<Closing> Gate::close_session(std::string_view id, model::SessionState how,
                                    std::string_view by, std::string_view reason) {
    Closing closing = TRY(sessions_desk_.close(id, how, by, reason));
    actions_->deny_sessions(
        closing.sessions, by,
        how == model::SessionState::Revoked ? "its session was revoked" : "its session ended");
    // Whoever verifies the log after a session finds a signed statement that covers all of it.
    if (auto note = core_.recorder.log().checkpoint(); !note.ok()) {
        log::error("the audit log cannot be signed: " + note.error().message);
    }
    return closing;
}

void Gate::refused_sign_in(std::string_view door, std::string_view who, std::string_view reason) {
    audit::SignInFailure body;
    body.door = door;
    body.who = who;
    body.reason = reason;
    auto recorded = core_.recorder.append(audit::to_record(body), Safety::Written);
    if (!recorded.ok()) {
        log::warning("a refused sign-in cannot be recorded: " + recorded.error().message);
    }
    watch_refusal(core_, door, who);
}

Result<std::uint64_t> Gate::reindex() {
    // What is under way would say afterwards that it has indexed up to its end.
    core_.store.wait_submitted();
    end_write();
    TRY(search_.begin_anew());
    return core_.recorder.log().size();
}

void Gate::settle() {
    actions_->settled(core_.recorder.settle());
}

void Gate::tick() {
    if (auto healed = core_.recorder.heal(); !healed.ok()) {
        log::error("the audit log is still unusable: " + healed.error().message);
    }
    const std::vector<model::Session> expired = sessions_desk_.expire();
    if (!expired.empty()) {
        actions_->deny_sessions(expired, "clock", "its session ran out");
    }
    actions_->expire();
    settle();
    const Duration now = core_.clock.monotonic();
    sync_log(now);
    const bool baselines = now - baselines_written_ >= kBaselinesEvery;
    write_back(baselines);
    if (baselines) {
        baselines_written_ = now;
    }
}

void Gate::sync_log(Duration now) {
    audit::Log& log = core_.recorder.log();
    if (!log.healthy()) {
        return;
    }
    const bool signing = now - checkpointed_ >= kCheckpointEvery;
    if (signing) {
        checkpointed_ = now;
        if (auto note = log.checkpoint(); !note.ok()) {
            log::error("the audit log cannot be signed: " + note.error().message);
        }
    } else if (log.durable_size() < log.size()) {
        if (auto done = log.sync_later(); !done.ok()) {
            log::error("the audit log cannot be synced: " + done.error().message);
        }
    }
}

void Gate::write_back(bool baselines) {
    end_write();
    const std::uint64_t size = core_.recorder.log().size();
    const bool busy = size - size_at_tick_ > kBusyRecords && search_.lag() < kIndexLagMax;
    // Past the greatest lag the index takes what arrives and some more, so that it catches up.
    const std::uint64_t arrived = size - std::min(size, size_at_tick_);
    const std::size_t most = kIndexPerTick + (search_.lag() < kIndexLagMax ? 0 : arrived);
    size_at_tick_ = size;
    const bool due = actions_->actions().dirty() || rules_->dirty() ||
                     (baselines && experience_.dirty()) || (search_.behind() && !busy) ||
                     search_.anew();
    if (!due || writing_) {
        return;
    }
    const IndexShare share{busy ? 0 : most, busy ? kAnewWhileBusy : kIndexPerTick};
    auto started = start_write(baselines ? Baselines::Write : Baselines::Leave, share);
    if (!started.ok()) {
        log::warning("the store lags behind: " + started.error().message);
    }
}

/// Hands the store what changed. Its thread writes, since a commit may wait for the disk.
Result<void> Gate::start_write(Baselines baselines, IndexShare share) {
    AuditSearch::Waiting index;
    if (search_.behind() && share.arrived > 0) {
        index = TRY(search_.waiting(share.arrived));
    }
    std::optional<AuditSearch::Waiting> anew;
    if (search_.anew() && index.lines.size() < share.anew) {
        anew = TRY(search_.waiting_anew(share.anew - index.lines.size()));
    }
    std::vector<store::Document> learned;
    if (baselines == Baselines::Write) {
        learned = experience_.begin_write();
    }
    writing_ = true;
    index_reaches_ = index.end();
    anew_written_ = anew.has_value();
    auto submitted = core_.store.submit([actions = actions_->actions().begin_write(
                                             kStorePerTick, core_.recorder.log().durable_size()),
                                         uses = rules_->begin_write(), learned = std::move(learned),
                                         index = std::move(index), anew = std::move(anew)](
                                            store::Transaction& transaction) -> Result<void> {
        TRY(Actions::put(transaction, actions));
        for (const store::Document& use : uses) {
            TRY(transaction.put(store::Collection::Meta, use.key, use.value, {}));
        }
        for (const store::Document& baseline : learned) {
            TRY(transaction.put(store::Collection::Baselines, baseline.key, baseline.value, {}));
        }
        if (!index.lines.empty()) {
            TRY(AuditSearch::index(transaction, index));
        }
        return anew ? AuditSearch::index_anew(transaction, *anew) : Result<void>();
    });
    if (!submitted.ok()) {
        written(Written::No);
    }
    return submitted;
}

void Gate::end_write() {
    const auto result = core_.store.submitted();
    if (!result) {
        return;
    }
    if (!result->ok()) {
        log::warning("the store lags behind: " + result->error().message);
    }
    written(result->ok() ? Written::Yes : Written::No);
}

void Gate::written(Written written) {
    actions_->actions().end_write(written);
    rules_->end_write(written);
    experience_.end_write(written);
    if (written == Written::Yes) {
        search_.indexed(index_reaches_);
    }
    writing_ = false;
    if (std::exchange(anew_written_, false)) {
        if (auto read = search_.made_anew(); !read.ok()) {
            log::warning("the store lags behind: " + read.error().message);
        }
    }
}

bool Gate::restless() const {
    audit::Log& log = core_.recorder.log();
    return actions_->actions().dirty() || rules_->dirty() || experience_.dirty() ||
           search_.behind() || search_.anew() || !log.healthy() || log.durable_size() < log.size();
}

std::optional<Instant> Gate::next_expiry() const {
    std::optional<Instant> next = sessions_desk_.next_expiry();
    const std::optional<Instant> action = actions_->next_expiry();
    if (action && (!next || *action < *next)) {
        next = action;
    }
    return next;
}

Status Gate::status() {
    Status status;
    audit::Log& log = core_.recorder.log();
    status.version = version_;
    status.uptime = core_.clock.monotonic() - started_;
    status.freeze = actions_->freeze_state();
    status.sessions = sessions_desk_.active_count();
    status.pending = actions_->open_count();
    status.log_size = log.size();
    status.log_durable = log.durable_size();
    status.log_trouble = log.trouble();
    status.policy = rules_->policy().digest();
    status.origin = log.verifier().name;
    return status;
}

void Gate::stop(std::string_view reason) {
    audit::GatewayStop body;
    body.reason = reason;
    if (auto recorded = core_.recorder.record_now(audit::to_record(body)); !recorded.ok()) {
        log::error("the stop cannot be recorded: " + recorded.error().message);
    }
    if (auto note = core_.recorder.log().checkpoint(); !note.ok()) {
        log::error("the audit log cannot be signed: " + note.error().message);
    }
    core_.store.wait_submitted();
    end_write();
    auto done = actions_->actions().write_now();
    if (done.ok()) {
        done = start_write(Baselines::Write, {kIndexPerTick, 0});
    }
    if (!done.ok()) {
        log::warning("the store lags behind: " + done.error().message);
    }
    core_.store.wait_submitted();
    end_write();
}

}  // namespace countersign::gate
