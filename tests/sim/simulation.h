// One life of a gateway, drawn from a seed: sessions, delegations, actions, votes good and bad,
// freezes, clock jumps, deaths of the process, power cuts, failing and full disks, failing stores.
// After each step the oracle looks. The same seed gives the same life on each machine.
//
// Not thread safe; one run() per object.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "oracle.h"
#include "subject.h"
#include "world.h"

namespace countersign::sim {

using MakeSubject = std::function<std::unique_ptr<Subject>(World&)>;

class Simulation {
public:
    /// `make` nullptr: the true gate.
    explicit Simulation(std::uint64_t seed, const MakeSubject& make = nullptr);

    /// Lives through this many steps, or fewer when something did not hold. Gives what that was
    /// and the last steps before it; empty: all held.
    std::string run(std::size_t steps);
    /// How often each kind of thing succeeded, to see that a life is not an empty one.
    [[nodiscard]] const std::map<std::string, int>& done() const { return done_; }

private:
    struct Person {
        std::string name;
        crypto::SigningKey key;
        bool enrolled = false;
    };
    struct Guest {
        std::string id;
        std::string token;
        std::string agent;
        std::string parent;
        model::Tier ceiling = model::Tier::Irreversible;
    };
    struct Asked {
        std::string id;
        std::string session;
        int people = 0;
        std::set<std::string> excluded;
    };
    using Step = void (Simulation::*)();
    struct Entry {
        int weight;
        Step step;
        std::string_view name;
    };
    static const std::vector<Entry>& table();

    void step();
    void begin_life();
    void come_up(bool power_lost);
    void note(std::string_view what) { ++done_[std::string(what)]; }

    // --- Agents -------------------------------------------------------------------------------
    void open_session();
    void delegate();
    void submit();
    void submit_many();
    void report();
    void use_old_token();
    void observe();
    bool submit_one(const Guest& guest);
    // --- People -------------------------------------------------------------------------------
    void vote_well();
    void vote_to_deny();
    void vote_badly();
    void freeze_or_thaw();
    void close_session();
    void start_incident();
    void enrol_or_remove();
    model::Vote vote_for(const gate::ActionEntry& entry, const Person& person,
                         model::Ballot ballot);
    void cast(const model::Vote& vote, Quality quality, std::string_view how);
    // --- The world ----------------------------------------------------------------------------
    void pass_time();
    void jump_clock();
    void tick();
    void kill_process();
    void cut_power();
    void break_disk();
    void break_store();
    void fill_disk();
    void repair();

    Guest* some_guest();
    Person* some_person(bool enrolled);
    std::optional<gate::ActionEntry> some_entry(std::optional<gate::ActionState> state);
    [[nodiscard]] const Asked& asked(const std::string& id) const;
    void end_tree(const std::string& id);
    void forget_guests();

    World world_;
    Chance chance_;
    std::unique_ptr<Subject> subject_;
    Oracle oracle_;
    std::vector<Person> people_;
    std::vector<Guest> guests_;
    std::vector<Guest> former_;
    std::vector<Asked> asked_;
    std::vector<model::Vote> cast_;
    std::vector<std::string> trace_;
    std::map<std::string, int> done_;
    bool broken_ = false;
    bool power_lost_ = false;  ///< and no start has succeeded since
    bool lossy_ = false;       ///< a sync may fail and lose what was written
};

}  // namespace countersign::sim
