// The steps of a simulation that people and the world take; simulation.cc has those of agents.
#include <algorithm>
#include <utility>

#include "approval/approvals.h"
#include "crypto/sshsig.h"
#include "simulation.h"

namespace countersign::sim {
namespace {

using gate::ActionState;
using Failure = audit::MemoryFiles::Failure;

constexpr std::array<Failure, 3> kFailures = {Failure::Clean, Failure::ShortWrite,
                                              Failure::SilentLoss};

}  // namespace

// --- People --------------------------------------------------------------------------------------

model::Vote Simulation::vote_for(const gate::ActionEntry& entry, const Person& person,
                                 model::Ballot ballot) {
    model::Vote vote;
    vote.action = entry.id;
    vote.action_digest = entry.digest;
    vote.approver = person.name;
    vote.ballot = ballot;
    vote.time = world_.clock.now();
    vote.signature =
        crypto::sshsig_sign(person.key, approval::kVoteNamespace, model::vote_statement(vote));
    return vote;
}

void Simulation::cast(const model::Vote& vote, Quality quality, std::string_view how) {
    trace_.back() += " " + std::string(how) + " " + vote.approver + " " + vote.action;
    const auto voted = subject_->vote(vote);
    trace_.back() += voted.ok() ? " taken" : ": " + voted.error().message;
    if (voted.ok()) {
        note(how);
        oracle_.voted(vote, quality, how);
    }
    if (quality == Quality::Good) {
        cast_.push_back(vote);
    } else if (!voted.ok()) {
        note("refused " + std::string(how));
    }
}

void Simulation::vote_well() {
    const auto entry = some_entry(ActionState::Pending);
    const Person* person = some_person(true);
    if (!entry || person == nullptr || asked(entry->id).excluded.contains(person->name) ||
        oracle_.voters(entry->id).contains(person->name)) {
        return;
    }
    cast(vote_for(*entry, *person, model::Ballot::Approve), Quality::Good, "approval");
}

void Simulation::vote_to_deny() {
    const auto entry = some_entry(ActionState::Pending);
    const Person* person = some_person(true);
    if (!entry || person == nullptr || asked(entry->id).excluded.contains(person->name)) {
        return;
    }
    cast(vote_for(*entry, *person, model::Ballot::Deny), Quality::Good, "denial");
}

void Simulation::vote_badly() {
    const auto entry = some_entry(ActionState::Pending);
    if (!entry) {
        return;
    }
    Person& person = people_[chance_.pick(people_.size())];
    model::Vote vote = vote_for(*entry, person, model::Ballot::Approve);
    const bool entitled = person.enrolled && !asked(entry->id).excluded.contains(person.name);
    switch (chance_.pick(7)) {
        case 0:
            vote.ballot = model::Ballot::Deny;
            return cast(vote, Quality::Bad, "turned ballot");
        case 1:
            vote.comment = "added later";
            return cast(vote, Quality::Bad, "changed comment");
        case 2:
            vote.approver = person.name == "ann" ? "dan" : "ann";
            return cast(vote, Quality::Bad, "another's name");
        case 3:
            vote.time = vote.time.plus(-std::chrono::minutes(20));
            vote.signature = crypto::sshsig_sign(person.key, approval::kVoteNamespace,
                                                 model::vote_statement(vote));
            return cast(vote, Quality::Bad, "old vote");
        case 4:
            if (!entitled) {
                return cast(vote, Quality::Bad, "requester or stranger");
            }
            return;
        case 5: {
            if (cast_.empty()) {
                return;
            }
            model::Vote replayed = cast_[chance_.pick(cast_.size())];
            const bool counted = oracle_.voters(replayed.action).contains(replayed.approver);
            return counted ? cast(replayed, Quality::Bad, "replayed vote") : void();
        }
        default: {
            if (cast_.empty() || cast_.back().action == entry->id) {
                return;
            }
            model::Vote moved = cast_.back();
            moved.action = entry->id;
            moved.action_digest = entry->digest;
            return cast(moved, Quality::Bad, "vote for another action");
        }
    }
}

void Simulation::freeze_or_thaw() {
    if (!world_.serving()) {
        return;
    }
    if (!oracle_.frozen()) {
        // It holds at once, whatever the disk says.
        oracle_.froze();
        note("freeze");
        (void)world_.gate().actions().freeze("ann", "simulated");
        return;
    }
    const bool before = world_.gate().actions().freeze_state().frozen;
    // While it runs, actions are released one after the other.
    oracle_.thawed();
    const auto thawed = world_.gate().actions().thaw("ann", "over");
    if (!thawed.ok() && before && world_.gate().actions().freeze_state().frozen) {
        oracle_.froze();
    }
    note("thaw");
}

void Simulation::close_session() {
    const Guest* guest = world_.serving() ? some_guest() : nullptr;
    if (guest == nullptr) {
        return;
    }
    const std::string id = guest->id;
    const auto how =
        chance_.happens(50) ? model::SessionState::Revoked : model::SessionState::Ended;
    (void)world_.gate().close_session(id, how, "ann", "simulated");
    note("close");
    end_tree(id);
}

void Simulation::start_incident() {
    const Guest* guest = world_.serving() ? some_guest() : nullptr;
    if (guest == nullptr) {
        return;
    }
    const std::string id = guest->id;
    if (world_.gate().incidents().start({id, false, "ann", "simulated"}).ok()) {
        note("incident");
        end_tree(id);
    }
}

void Simulation::enrol_or_remove() {
    if (!world_.serving()) {
        return;
    }
    Person& person = people_[chance_.pick(people_.size())];
    const bool done =
        person.enrolled
            ? world_.gate().people().remove(person.name, "ann").ok()
            : world_.gate().people().enrol(person.name, person.key.public_key().line(), "ann").ok();
    const auto now = world_.gate().people().approver(person.name);
    person.enrolled = now && now->active;
    if (done) {
        note(person.enrolled ? "enrolment" : "removal");
    }
}

// --- The world -----------------------------------------------------------------------------------

void Simulation::pass_time() {
    constexpr std::array<int, 5> kSeconds = {1, 5, 20, 61, 150};
    world_.clock.pass(std::chrono::seconds(kSeconds[chance_.pick(kSeconds.size())]));
    tick();
}

/// As a person or a broken time server sets it; the steady clock goes on.
void Simulation::jump_clock() {
    constexpr std::array<int, 4> kSeconds = {-3600, -7, 30, 3600};
    world_.clock.wall =
        world_.clock.wall.plus(std::chrono::seconds(kSeconds[chance_.pick(kSeconds.size())]));
}

void Simulation::tick() {
    if (world_.serving()) {
        world_.gate().tick();
        forget_guests();
    }
}

void Simulation::kill_process() {
    world_.kill_process();
    come_up(false);
}

void Simulation::cut_power() {
    world_.lose_power(chance_.pick(3) * 40);
    note("power cut");
    come_up(true);
}

void Simulation::break_disk() {
    broken_ = true;
    const Failure failure = kFailures[chance_.pick(kFailures.size())];
    lossy_ = lossy_ || failure == Failure::SilentLoss;
    world_.files.fail_call(1 + chance_.pick(6), failure,
                           chance_.happens(50) ? audit::MemoryFiles::Repeat::Once
                                               : audit::MemoryFiles::Repeat::Sticky);
    oracle_.disturbed();
    note("broken disk");
}

void Simulation::break_store() {
    broken_ = true;
    world_.store.fail_call(1 + chance_.pick(12));
    note("broken store");
}

void Simulation::fill_disk() {
    broken_ = true;
    std::uint64_t used = 0;
    for (const auto& [path, content] : world_.files.contents()) {
        used += content.size();
    }
    world_.files.set_capacity(used + chance_.pick(4000));
    oracle_.disturbed();
    note("full disk");
}

void Simulation::repair() {
    world_.repair();
    broken_ = false;
    oracle_.disturbed();
    if (std::exchange(lossy_, false)) {
        oracle_.lost_what_was_written();
    }
    if (!world_.serving()) {
        come_up(false);
        return;
    }
    tick();
    world_.gate().settle();
    oracle_.disturbed();
}

}  // namespace countersign::sim
