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

    [[nodiscard]] bool dirty() const { return !dirty_.empty() || !stray_.empty(); }
    /// Writes what changed into `transaction`, at most so many of the entries in memory, the oldest
    /// first; call written() after its commit, before anything else changes.
    Result<void> write_back(store::Transaction& transaction, std::size_t most);
    void written();
    /// Notes in `transaction`, which has write_back() in it, that the store knows what the log's
    /// first `records` records say about actions. A gateway that was killed takes up the rest.
    Result<void> note_stored(store::Transaction& transaction, std::uint64_t records);
    Result<std::uint64_t> stored_through();
    /// write_back() in a transaction of its own.
    Result<void> write_now();

private:
    void note_state(const LiveAction& action);
    void trim_released();

    store::Store& store_;
    std::map<std::string, LiveAction, std::less<>> live_;
    std::set<std::string, std::less<>> open_;  ///< ids of the open ones
    std::set<std::string, std::less<>> dirty_;
    std::vector<std::string> writing_;  ///< of dirty_: those in the transaction under way
    std::map<std::string, ActionEntry, std::less<>> stray_;  ///< changed, not in memory
    std::set<std::string, std::less<>> released_;  ///< ids of the released ones, oldest first
};

}  // namespace countersign::gate
