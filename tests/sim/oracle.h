// What must always hold, told apart from the gate: the oracle hears what was done, keeps its own
// small model of who may release what, and looks at each action and at the whole log after each
// step. It shares no code with the gate's judging or counting.
//
//   record      whatever was released has its decision and its release in the log, on disk when it
//               can do harm
//   consent     what needs people was released by enough distinct, entitled ones, by good votes
//   only denial      nothing leaves Denied, Expired or Done once        one outcome per release
//   time        nothing is released for votes after its time limit
//   freeze      nothing becomes released while everything is held
//   sessions    a token is dead after its session's end, and so is what it had open
//   log         the files verify
//
// Not thread safe.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "subject.h"

namespace countersign::sim {

/// How many people an action needs at least, by what the product promises about its tier.
inline constexpr int kNever = 99;

struct Submitted {
    std::string id;
    std::string session;
    std::string within;              ///< id of the action whose grant it claims
    std::set<std::string> excluded;  ///< names that are the requester's or its parents'
    int people = 0;                  ///< 0, 1, 2 or kNever
};

/// Whether a vote may count. Anything but Good must be refused.
enum class Quality { Good, Bad };

class Oracle {
public:
    Oracle(World& world, Subject& subject, Duration time_limit)
        : world_(world), subject_(subject), time_limit_(time_limit) {}

    // --- What was done ------------------------------------------------------------------------
    void submitted(const Submitted& action);
    /// The gate took this vote.
    void voted(const model::Vote& vote, Quality quality, std::string_view how);
    /// Somebody said no, whether the gate could store it or not.
    void denied(const std::string& action);
    void reported(const std::string& action);
    void froze();
    void thawed();
    void session_ended(const std::string& id) { ended_.insert(id); }
    /// A token was accepted.
    void authenticated(const model::Session& session);
    /// The gate was started anew. `power_lost`: unsynced bytes may be gone.
    void restarted(bool power_lost);
    /// Bytes that were written and not synced may be gone: power, or a failed fsync(2) after which
    /// the kernel forgets them.
    void lost_what_was_written();
    /// Disk or store may have failed since the last look.
    void disturbed() { reread_ = true; }

    /// Something else went wrong that must not.
    void broke(const std::string& what) { violation_ = violation_.empty() ? what : violation_; }

    // --- What must hold -----------------------------------------------------------------------
    void look();
    /// The first thing that did not hold; empty: all did.
    [[nodiscard]] const std::string& violation() const { return violation_; }
    [[nodiscard]] std::optional<gate::ActionState> state(const std::string& id) const;
    [[nodiscard]] const std::set<std::string>& voters(const std::string& id) const;
    [[nodiscard]] bool frozen() const { return frozen_; }
    [[nodiscard]] bool ended(const std::string& id) const { return ended_.contains(id); }
    /// Released after people's votes, so far.
    [[nodiscard]] int released_by_people() const { return released_by_people_; }

private:
    struct Watched {
        Submitted what;
        std::optional<gate::ActionState> state;
        Duration deadline{};
        std::set<std::string> for_it;
        bool denied = false;
        bool fragile = false;  ///< a power cut may have taken its record
        int outcomes = 0;
        bool outcome_acknowledged = false;
    };
    struct Recorded {
        std::set<std::string> now, held, released;
        std::map<std::string, std::set<std::string>> votes;
        std::map<std::string, int> outcomes;
        std::map<std::string, std::uint64_t> release_seq;
    };

    void look_at(Watched& action);
    void check_step(const Watched& action, gate::ActionState now);
    void check_release(Watched& action, const gate::ActionEntry& entry);
    void check_consent(const Watched& action, const gate::ActionEntry& entry);
    void check_record(const Watched& action);
    void read_records();
    void take_up(const audit::ReadRecord& record);
    void say(const Watched& action, const std::string& what);

    World& world_;
    Subject& subject_;
    Duration time_limit_;
    std::map<std::string, Watched> actions_;
    std::set<std::string> ended_;
    Recorded recorded_;
    std::size_t records_seen_ = 0;
    bool reread_ = true;
    bool frozen_ = false;
    int released_by_people_ = 0;
    std::string violation_;
};

}  // namespace countersign::sim
