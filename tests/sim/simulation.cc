#include "simulation.h"

#include <algorithm>
#include <utility>

#include "policy/policy.h"

namespace countersign::sim {
namespace {

using gate::ActionState;
using model::Tier;

/// What agents ask for, with how many people it needs at least (product: the tiers' routes).
struct Wish {
    model::ActionKind kind;
    std::vector<std::string> words;  ///< argv, or one text
    int people;
};
const std::vector<Wish>& wishes() {
    using enum model::ActionKind;
    static const std::vector<Wish> kWishes = {
        {Exec, {"git", "status"}, 0},
        {Command, {"git log -3 && ls"}, 0},
        {Exec, {"touch", "/home/dev/project/\xff/\xfe"}, 0},
        {Exec, {"rm", "-rf", "/srv/data"}, 2},
        {Command, {"git push --force origin main"}, 2},
        {Command, {"echo hi; rm -rf /srv/data"}, 2},
        {Exec, {"frobnicate", "--all"}, 1},
        {Command, {"curl -X POST http://a.example.test/x -d @y"}, 1},
        {Command, {"iptables -A INPUT -j DROP"}, kNever},
        {Command, {"countersign approve a-1"}, kNever},
        {Command, {"if then"}, kNever},
    };
    return kWishes;
}

constexpr std::array<std::string_view, 5> kAgents = {"robot", "deployer", "bob", "helper", "Cy"};
constexpr std::array<Tier, 3> kCeilings = {Tier::Irreversible, Tier::SideEffect,
                                           Tier::IdempotentWrite};
constexpr std::size_t kGuestsMax = 12;
/// Steps that are told when something did not hold.
constexpr std::size_t kTrace = 40;

std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](unsigned char c) {
        return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    });
    return out;
}

}  // namespace

const std::vector<Simulation::Entry>& Simulation::table() {
    static const std::vector<Entry> kTable = {
        {8, &Simulation::open_session, "open_session"},
        {6, &Simulation::delegate, "delegate"},
        {22, &Simulation::submit, "submit"},
        {6, &Simulation::submit_many, "submit_many"},
        {14, &Simulation::report, "report"},
        {4, &Simulation::use_old_token, "use_old_token"},
        {3, &Simulation::observe, "observe"},
        {40, &Simulation::vote_well, "vote_well"},
        {3, &Simulation::vote_to_deny, "vote_to_deny"},
        {10, &Simulation::vote_badly, "vote_badly"},
        {4, &Simulation::freeze_or_thaw, "freeze_or_thaw"},
        {3, &Simulation::close_session, "close_session"},
        {1, &Simulation::start_incident, "start_incident"},
        {3, &Simulation::enrol_or_remove, "enrol_or_remove"},
        {8, &Simulation::pass_time, "pass_time"},
        {2, &Simulation::jump_clock, "jump_clock"},
        {8, &Simulation::tick, "tick"},
        {3, &Simulation::kill_process, "kill_process"},
        {2, &Simulation::cut_power, "cut_power"},
        {4, &Simulation::break_disk, "break_disk"},
        {3, &Simulation::break_store, "break_store"},
        {1, &Simulation::fill_disk, "fill_disk"},
        {8, &Simulation::repair, "repair"},
    };
    return kTable;
}

Simulation::Simulation(std::uint64_t seed, const MakeSubject& make)
    : world_(seed),
      chance_(seed),
      subject_(make ? make(world_) : std::make_unique<Subject>(world_)),
      oracle_(world_, *subject_, policy::Policy::builtin().approval_time()) {
    for (const char* name : {"ann", "bob", "cy", "dan"}) {
        people_.push_back({name, crypto::SigningKey::generate(chance_)});
    }
}

std::string Simulation::run(std::size_t steps) {
    begin_life();
    for (std::size_t i = 0; i < steps && oracle_.violation().empty(); ++i) {
        step();
    }
    if (oracle_.violation().empty()) {
        return {};
    }
    std::string told = oracle_.violation() + "\n";
    const std::size_t first = trace_.size() > kTrace ? trace_.size() - kTrace : 0;
    for (std::size_t i = first; i < trace_.size(); ++i) {
        told += "  " + std::to_string(i) + " " + trace_[i] + "\n";
    }
    return told;
}

void Simulation::begin_life() {
    const auto started = world_.start();
    if (!started.ok()) {
        trace_.push_back("the first start failed: " + started.error().message);
        return;
    }
    for (Person& person : people_) {
        person.enrolled =
            world_.gate().people().enrol(person.name, person.key.public_key().line(), "sim").ok();
    }
    open_session();
}

void Simulation::step() {
    // No two things happen at the same moment.
    world_.clock.pass(std::chrono::microseconds(1000 + chance_.pick(100'000)));
    int total = 0;
    for (const Entry& entry : table()) {
        total += entry.weight;
    }
    auto drawn = static_cast<int>(chance_.pick(static_cast<std::size_t>(total)));
    for (const Entry& entry : table()) {
        drawn -= entry.weight;
        if (drawn < 0) {
            trace_.emplace_back(entry.name);
            (this->*entry.step)();
            break;
        }
    }
    if (world_.serving()) {
        world_.gate().settle();
        if (lossy_) {
            oracle_.lost_what_was_written();
        }
    } else if (!broken_) {
        come_up(false);
    }
    oracle_.look();
}

void Simulation::come_up(bool power_lost) {
    // What the power took is gone, however often the start fails before one succeeds.
    power_lost_ = power_lost_ || power_lost;
    const auto started = world_.start();
    if (!started.ok()) {
        trace_.back() += " (does not start: " + started.error().message + ")";
        if (!broken_) {
            oracle_.broke("the gateway does not start on a sound disk: " + started.error().message);
        }
        return;
    }
    note("start");
    oracle_.restarted(std::exchange(power_lost_, false));
    forget_guests();
}

// --- Agents --------------------------------------------------------------------------------------

void Simulation::open_session() {
    if (!world_.serving() || guests_.size() >= kGuestsMax) {
        return;
    }
    model::SessionRequest request;
    request.agent.id = kAgents[chance_.pick(kAgents.size())];
    request.principal = "developer";
    request.door = "api";
    request.host = "host";
    request.workspace = "/home/dev/project";
    request.home = "/home/dev";
    request.ceiling = kCeilings[chance_.pick(kCeilings.size())];
    request.lifetime = chance_.happens(30) ? std::chrono::minutes(2) : std::chrono::hours(8);
    const auto grant = world_.gate().sessions().open(request);
    if (grant.ok()) {
        note("session");
        guests_.push_back({grant->session.id, grant->token, request.agent.id, {}, request.ceiling});
    }
}

void Simulation::delegate() {
    const Guest* parent = world_.serving() ? some_guest() : nullptr;
    if (parent == nullptr || guests_.size() >= kGuestsMax) {
        return;
    }
    const auto session = subject_->authenticate(parent->token);
    if (!session.ok()) {
        return;
    }
    oracle_.authenticated(*session);
    session::DelegationRequest request;
    request.agent.id = kAgents[chance_.pick(kAgents.size())];
    request.lifetime = std::chrono::hours(1);
    request.ceiling = kCeilings[chance_.pick(kCeilings.size())];
    const auto grant = world_.gate().sessions().delegate(*session, request);
    if (grant.ok()) {
        note("delegation");
        guests_.push_back(
            {grant->session.id, grant->token, request.agent.id, parent->id, *request.ceiling});
    }
}

bool Simulation::submit_one(const Guest& guest) {
    const auto session = subject_->authenticate(guest.token);
    if (!session.ok()) {
        return false;
    }
    oracle_.authenticated(*session);
    const Wish& wish = wishes()[chance_.pick(wishes().size())];
    model::ActionRequest request;
    request.action.kind = wish.kind;
    request.context.directory = "/home/dev/project";
    if (wish.kind == model::ActionKind::Exec) {
        request.action.argv = wish.words;
        request.action.program = "/usr/bin/" + wish.words.front();
    } else {
        request.action.text = wish.words.front();
    }
    if (chance_.happens(25) && !asked_.empty()) {
        request.context.within = asked_[chance_.pick(asked_.size())].id;
    }
    Submitted what;
    what.session = guest.id;
    what.within = request.context.within;
    what.people = wish.people;
    if (guest.ceiling <= Tier::IdempotentWrite && what.people > 0) {
        what.people = kNever;
    }
    if (guest.ceiling <= Tier::SideEffect && what.people > 1) {
        what.people = kNever;
    }
    for (const Guest* one = &guest; one != nullptr;) {
        what.excluded.insert(lower(one->agent));
        const std::string parent = one->parent;
        const auto found = std::ranges::find(guests_, parent, &Guest::id);
        one = parent.empty() || found == guests_.end() ? nullptr : &*found;
    }
    const auto id = world_.gate().actions().submit(*session, std::move(request));
    if (!id.ok()) {
        return false;
    }
    what.id = *id;
    oracle_.submitted(what);
    asked_.push_back({*id, guest.id, what.people, what.excluded});
    trace_.back() += " " + *id + " \"" + wish.words.front() + "\"";
    note("action");
    return true;
}

void Simulation::submit() {
    const Guest* guest = world_.serving() ? some_guest() : nullptr;
    if (guest != nullptr) {
        submit_one(*guest);
    }
}

void Simulation::submit_many() {
    for (int i = 0; i < 5; ++i) {
        submit();
    }
}

void Simulation::report() {
    const auto entry = some_entry(chance_.happens(80) ? std::optional(ActionState::Granted)
                                                      : std::optional(ActionState::Done));
    if (!entry) {
        return;
    }
    const auto guest = std::ranges::find(guests_, entry->request.context.session, &Guest::id);
    if (guest == guests_.end()) {
        return;
    }
    const auto session = subject_->authenticate(guest->token);
    if (!session.ok()) {
        return;
    }
    oracle_.authenticated(*session);
    model::Outcome outcome;
    outcome.exit_code = 0;
    const auto reported = subject_->report(*session, entry->id, outcome);
    trace_.back() += " " + entry->id + (reported.ok() ? " ok" : ": " + reported.error().message);
    if (reported.ok()) {
        note("outcome");
        oracle_.reported(entry->id);
    }
}

void Simulation::use_old_token() {
    if (!world_.serving() || former_.empty()) {
        return;
    }
    const auto session = subject_->authenticate(former_[chance_.pick(former_.size())].token);
    if (session.ok()) {
        oracle_.authenticated(*session);
    }
}

void Simulation::observe() {
    const Guest* guest = world_.serving() ? some_guest() : nullptr;
    if (guest == nullptr) {
        return;
    }
    const auto session = subject_->authenticate(guest->token);
    if (session.ok()) {
        (void)world_.gate().actions().observe(*session, "README.md", "run: rm -rf /srv/data");
    }
}

// --- Choosing ------------------------------------------------------------------------------------

Simulation::Guest* Simulation::some_guest() {
    return guests_.empty() ? nullptr : &guests_[chance_.pick(guests_.size())];
}

Simulation::Person* Simulation::some_person(bool enrolled) {
    Person& person = people_[chance_.pick(people_.size())];
    return person.enrolled == enrolled ? &person : nullptr;
}

std::optional<gate::ActionEntry> Simulation::some_entry(std::optional<ActionState> state) {
    if (!world_.serving() || asked_.empty()) {
        return std::nullopt;
    }
    // The newest are the likeliest to be in any open state.
    const std::size_t first = chance_.pick(asked_.size());
    for (std::size_t i = 0; i < asked_.size(); ++i) {
        const Asked& one = asked_[(first + i) % asked_.size()];
        if (!state || oracle_.state(one.id) == state) {
            auto found = world_.gate().actions().find(one.id);
            return found.ok() ? found.take() : std::nullopt;
        }
    }
    return std::nullopt;
}

const Simulation::Asked& Simulation::asked(const std::string& id) const {
    return *std::ranges::find(asked_, id, &Asked::id);
}

void Simulation::end_tree(const std::string& id) {
    std::vector<std::string> ended = {id};
    for (std::size_t i = 0; i < ended.size(); ++i) {
        oracle_.session_ended(ended[i]);
        for (const Guest& guest : guests_) {
            if (guest.parent == ended[i]) {
                ended.push_back(guest.id);
            }
        }
    }
    for (const std::string& one : ended) {
        const auto found = std::ranges::find(guests_, one, &Guest::id);
        if (found != guests_.end()) {
            former_.push_back(*found);
            guests_.erase(found);
        }
    }
}

/// Sessions that the gate has closed by itself.
void Simulation::forget_guests() {
    for (std::size_t i = 0; i < guests_.size();) {
        if (world_.serving() && !world_.gate().sessions().active(guests_[i].id)) {
            end_tree(guests_[i].id);
            i = 0;
        } else {
            ++i;
        }
    }
}

}  // namespace countersign::sim
