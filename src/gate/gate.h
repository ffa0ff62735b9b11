// The gate: the only meeting place of judging, consent, sessions and the record. It builds the
// desks and keeps the loop's promises: decisions become true in settle(), time works in tick().
//
// How the API's loop drives it:
//   1. take every request that is ready and call the desks
//   2. settle()      one write (one fsync when a decision needs it) for all of them
//   3. answer        from the desks' entries, which settle() may have turned into denials
//   4. take events   for those who watch
//   and tick() from a timer, at least every kTickEvery.
//
// Not thread safe: one event-loop thread. What Parts refers to must outlive it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "approval/approvals.h"
#include "approval/approvers.h"
#include "gate/action_desk.h"
#include "gate/audit_search.h"
#include "gate/core.h"
#include "gate/experience.h"
#include "gate/incident.h"
#include "gate/people_desk.h"
#include "gate/policy_files.h"
#include "gate/rulebook.h"
#include "gate/session_desk.h"
#include "session/sessions.h"

namespace countersign::gate {

/// How often tick() is due while there is work: tier 0 and 1 records reach the disk within it.
inline constexpr Duration kTickEvery = std::chrono::milliseconds(100);
/// A signed checkpoint at least this often while the log grows.
inline constexpr Duration kCheckpointEvery = std::chrono::seconds(60);
/// Baselines are large and change with each action: written at most this often.
inline constexpr Duration kBaselinesEvery = std::chrono::seconds(15);

struct Parts {
    store::Store& store;
    audit::Files& files;
    audit::Log& log;
    Clock& clock;
    Random& random;
    Machine& machine;
    // Shared with every evaluator that was made from it.
    std::shared_ptr<const policy::Policy> policy;
    std::string state_directory;
    std::string host;
    std::string version;
    std::string configuration_digest;  ///< "sha256:<hex>" of what the gateway was configured with
    /// What marks of redacted secrets are made with (redaction.h); known to this gateway alone.
    std::string redaction_key;
    PolicyFiles* policy_files = nullptr;  ///< nullptr: the policy cannot be read again
};

struct Status {
    std::string version;
    Duration uptime{};
    Freeze freeze;
    std::size_t sessions = 0;
    std::size_t pending = 0;
    std::uint64_t log_size = 0;
    std::uint64_t log_durable = 0;
    std::string log_trouble;  ///< empty: the log is healthy
    std::string policy;
    std::string origin;  ///< of the log
};

class Gate {
    struct Private {
        explicit Private() = default;
    };

public:
    /// Use open().
    Gate(Private, const Parts& parts, std::unique_ptr<session::Sessions> sessions,
         std::unique_ptr<approval::Approvers> approvers,
         std::unique_ptr<approval::Approvals> approvals, std::unique_ptr<Rulebook> rules,
         Experience experience);

    /// Takes up an earlier run and records the start. Errors: those of the rooms; the gateway must
    /// not serve then.
    static Result<std::unique_ptr<Gate>> open(const Parts& parts);

    ActionDesk& actions() { return *actions_; }
    SessionDesk& sessions() { return sessions_desk_; }
    PeopleDesk& people() { return people_; }
    IncidentDesk& incidents() { return *incidents_; }
    AuditSearch& search() { return search_; }
    [[nodiscard]] const Rulebook& rules() const { return *rules_; }
    [[nodiscard]] const Experience& experience() const { return experience_; }
    Events& events() { return core_.events; }
    audit::Log& log() { return core_.recorder.log(); }
    [[nodiscard]] const Metrics& metrics() const { return core_.metrics; }
    Clock& clock() { return core_.clock; }

    /// Ends or revokes a session with its descendants and denies what they have open.
    Result<Closing> close_session(std::string_view id, model::SessionState how, std::string_view by,
                                  std::string_view reason);
    /// Records that somebody was refused at a door.
    void refused_sign_in(std::string_view door, std::string_view who, std::string_view reason);

    /// Has the ticks make the search index and the numbers per day anew from the log; both go on
    /// serving. Gives how many records there are. Errors: the store's; then nothing has begun.
    Result<std::uint64_t> reindex();

    void settle();
    /// Whether settle() will wait for the disk: then whatever else is ready should come along.
    [[nodiscard]] bool settles_to_disk() const { return core_.recorder.settles_to_disk(); }
    /// Expiry, healing, syncing, writing back, indexing. Cheap when there is nothing to do.
    void tick();
    /// Whether tick() has work that is not tied to a moment.
    [[nodiscard]] bool restless() const;
    /// When something runs out next.
    [[nodiscard]] std::optional<Instant> next_expiry() const;
    [[nodiscard]] Status status();
    /// Records the stop, signs a checkpoint, writes everything back. Errors are logged.
    void stop(std::string_view reason);

private:
    Result<void> start();
    Result<void> end_what_the_log_ended(const EarlierRun& earlier);
    /// Whoever is stored as an approver and is not enrolled by the log's word (a store or a disk
    /// that failed just then, a kill in between) does not vote.
    Result<void> remove_whom_the_log_does_not_know(const EarlierRun& earlier);
    void write_back(bool baselines);
    enum class Baselines { Leave, Write };
    /// How many records one write indexes at most.
    struct IndexShare {
        std::size_t arrived = 0;
        std::size_t anew = 0;  ///< these and what has arrived together
    };
    Result<void> start_write(Baselines baselines, IndexShare share);
    void end_write();
    void written(Written written);
    void sync_log(Duration now);

    Core core_;
    std::string version_;
    std::string configuration_digest_;
    std::unique_ptr<session::Sessions> sessions_;
    std::unique_ptr<approval::Approvers> approvers_;
    std::unique_ptr<approval::Approvals> approvals_;
    std::unique_ptr<Rulebook> rules_;
    Experience experience_;
    SessionDesk sessions_desk_;
    PeopleDesk people_;
    std::unique_ptr<ActionDesk> actions_;
    std::unique_ptr<IncidentDesk> incidents_;
    AuditSearch search_;
    Duration started_{};
    Duration checkpointed_{};
    Duration baselines_written_{};
    std::uint64_t size_at_tick_ = 0;
    bool writing_ = false;  ///< the store was handed something and has not said how it ended
    std::uint64_t index_reaches_ = 0;  ///< with it
    bool anew_written_ = false;        ///< it made a part of the index anew
};

}  // namespace countersign::gate
