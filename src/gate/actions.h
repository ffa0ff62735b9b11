// All actions of the gateway: the open and the lately released ones in memory, every one in the
// store. Writing to the store lags behind (write_back), since the log, not the store, is the
// evidence; what waits for people is written before anybody is told about it.
//
// Not thread safe. The store must outlive it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/digest.h"
#include "gate/dirty_ids.h"
#include "gate/entry.h"
#include "store/store.h"

namespace countersign::gate {

/// What only memory holds about an action.
struct LiveAction {
    ActionEntry entry;
    /// As the agent sent it, with its secrets; while open, and for a Modify until it is done.
    std::optional<model::ActionRequest> original;
    /// As it was judged, before redaction: what a grant compares with.
    model::Assessment assessment;
    std::optional<model::Action> modified;  ///< Modify: unredacted
    std::vector<std::string> used_rules;
    /// Command: digest of the text, by which the shell that runs it is known again, once.
    std::optional<crypto::Digest> text;
    bool text_used = false;
    std::uint64_t epoch = 0;  ///< Recorder::epoch() when its decision was appended
    bool settled = false;     ///< the record that its state stands on is safe
    bool typed = false;       ///< the start that the principal typed (opening.h)
    bool by_freeze = false;   ///< Suspended since everything is held
    Duration opened{};        ///< monotonic, when it became open
    Duration deadline{};      ///< monotonic, of a Suspended one
    model::Tier ceiling = model::Tier::Irreversible;  ///< of its session
};

/// At most this many released actions stay in memory; older ones are found in the store, where
/// their grants compare by the redacted words.
inline constexpr std::size_t kReleasedInMemoryMax = 4096;

class Actions {
public:
    explicit Actions(store::Store& store) : store_(store) {}

    /// The open actions of an earlier run. Errors: the store's; Corrupt.
    Result<std::vector<ActionEntry>> load_open();

    LiveAction& add(LiveAction action);
    /// In memory only; nullptr when it is not there.
    LiveAction* live(std::string_view id);
    [[nodiscard]] const LiveAction* live(std::string_view id) const;
    /// A released command with just this text in this session that no shell has taken yet.
    LiveAction* unused_command(std::string_view session, const crypto::Digest& text);
    /// From memory or the store; nullopt: there is none of that id.
    Result<std::optional<ActionEntry>> find(std::string_view id);
    /// Notes that an entry changed; final ones leave memory at the next write_back().
    void changed(LiveAction& action);
    /// As changed(), for an entry that is not in memory.
    void store_later(const ActionEntry& entry);

    /// Ids of the open ones (of one session; empty: of all), in order of their ids.
    [[nodiscard]] std::vector<std::string> open(std::string_view session) const;
    [[nodiscard]] std::size_t open_count() const;
    [[nodiscard]] std::size_t open_count(std::string_view session) const;

    struct Query {
        std::optional<ActionState> state;
        std::string session;
        std::string after;  ///< cursor: id of the last entry of the page before
        std::size_t limit = 50;
    };
    /// Newest first. Writes back before it reads.
    Result<std::vector<ActionEntry>> list(const Query& query);

    /// What is to be written, as it stood when begin_write() gave it.
    struct Writing {
        std::vector<ActionEntry> entries;
        /// With these, the store knows what the log's records up to this number say about actions;
        /// a gateway that was killed takes up the rest. nullopt: others wait still.
        std::optional<std::uint64_t> stored_through;
    };

    [[nodiscard]] bool dirty() const { return !dirty_.empty() || !strays_.empty(); }
    /// What changed, at most so many of the entries in memory, the oldest first; they are under way
    /// until end_write(). `records`: of the log, so many are safe. One write at a time.
    Writing begin_write(std::size_t most, std::uint64_t records);
    void end_write(Written written);
    /// Touches nothing but what it is given: for any thread.
    static Result<void> put(store::Transaction& transaction, const Writing& writing);
    Result<std::uint64_t> stored_through();
    /// Writes all that changed before it returns, what is under way once more.
    Result<void> write_now();

private:
    void note_state(const LiveAction& action);
    void forget_stored(const std::string& id);
    void trim_released();

    store::Store& store_;
    std::map<std::string, LiveAction, std::less<>> live_;
    std::set<std::string, std::less<>> open_;  ///< ids of the open ones
    DirtyIds dirty_;
    /// Changed, and not in memory but for this; of the ids in strays_.
    std::map<std::string, ActionEntry, std::less<>> stray_;
    DirtyIds strays_;
    std::set<std::string, std::less<>> released_;  ///< ids of the released ones, oldest first
};

}  // namespace countersign::gate
