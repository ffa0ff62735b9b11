#include "cli/ask.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "cli/field.h"
#include "cli/paint.h"
#include "model/codec.h"
#include "text/utf8.h"

namespace countersign::cli {
namespace {

namespace json = boost::json;

enum class Wish { Approve, Remember, Deny, Show, Later, Unknown };

struct Spelling {
    std::string_view word;
    Wish wish;
};
constexpr std::array<Spelling, 11> kSpellings = {{
    {"a", Wish::Approve},
    {"approve", Wish::Approve},
    {"r", Wish::Remember},
    {"remember", Wish::Remember},
    {"d", Wish::Deny},
    {"deny", Wish::Deny},
    {"s", Wish::Show},
    {"show", Wish::Show},
    {"l", Wish::Later},
    {"later", Wish::Later},
    // An empty line is what people type without reading: it must never approve.
    {"", Wish::Unknown},
}};

struct Typed {
    Wish wish = Wish::Unknown;
    std::string comment;
};

Typed read_answer(const std::string& line) {
    const auto space = line.find(' ');
    const std::string_view word = std::string_view(line).substr(0, space);
    const auto* found = std::find_if(kSpellings.begin(), kSpellings.end(),
                                     [word](const Spelling& entry) { return entry.word == word; });
    Typed typed;
    typed.wish = found == kSpellings.end() ? Wish::Unknown : found->wish;
    if (space != std::string::npos) {
        typed.comment = line.substr(space + 1);
    }
    return typed;
}

bool yes(const std::optional<std::string>& line) {
    return line && (line->empty() || *line == "y" || *line == "yes");
}

/// Whether the gateway knows this person with this key.
Result<bool> is_enrolled(Gateway& gateway, const Signer& signer) {
    const std::string line = signer.key.public_key().line();
    bool enrolled = false;
    TRY(each_item(gateway, "/v1/approvers", 1000, [&](const json::value& person) {
        enrolled =
            enrolled || (text_at(person, "name") == signer.name && flag_at(person, "active") &&
                         text_at(person, "public_key").starts_with(line));
    }));
    return enrolled;
}

Result<void> enrol(World& world, Gateway& gateway, const Signer& signer) {
    model::Approver approver;
    approver.name = signer.name;
    approver.public_key = signer.key.public_key().line();
    approver.enrolled = world.clock().now();
    [[maybe_unused]] const auto done = TRY(gateway.post("/v1/approvers", model::to_json(approver)));
    world.console().err("enrolled " + signer.name + " as approver\n");
    return {};
}

Result<bool> agrees(World& world, const std::string& question) {
    world.console().err(question + " [Y/n] ");
    const auto line = TRY(world.console().read_line());
    return yes(line);
}

/// The key on disk, made now if there is none and the person agrees.
Result<std::optional<Signer>> signer_or_new(World& world, const Arguments& arguments) {
    auto signer = find_signer(world, arguments);
    if (signer.ok()) {
        return std::optional<Signer>(signer.take());
    }
    if (signer.error().code != ErrorCode::NotFound || arguments.value("key")) {
        return signer.take_error();
    }
    const std::string name = arguments.value_or("as", world.person().name);
    const bool make =
        TRY(agrees(world, "You have no signing key, and votes are signed. Make one for " +
                              text::visible(name, 80) + "?"));
    if (!make) {
        return std::optional<Signer>();
    }
    const std::string file = TRY(create_key(world, name, ""));
    world.console().err("made " + text::visible(file) + "\n");
    Arguments made = arguments;
    made.add("as", {name});
    Signer fresh = TRY(find_signer(world, made));
    return std::optional<Signer>(std::move(fresh));
}

}  // namespace

Question::Question(Gateway& gateway, Clock& clock, const Signer& signer, const Look& look,
                   ActionView view, Proposal proposal)
    : gateway_(gateway),
      clock_(clock),
      signer_(signer),
      look_(look),
      view_(std::move(view)),
      proposal_(std::move(proposal)) {}

Result<Question> Question::open(Gateway& gateway, Clock& clock, const Signer& signer,
                                const Look& look, const std::string& action) {
    const json::value document = TRY(gateway.get(action_path(action)));
    ActionView view = TRY(view_from(document));
    Proposal proposal;
    if (auto fetched = fetch_proposal(gateway, action); fetched.ok()) {
        proposal = fetched.take();
    }
    return Question(gateway, clock, signer, look, std::move(view), std::move(proposal));
}

std::string Question::opening() const {
    std::string out = "\n" + paint(look_, Tone::Held, "The agent asks to run") + "  " +
                      paint(look_, Tone::Dim, text::visible(view_.answer.id)) + "\n" +
                      describe_briefly(look_, view_);
    if (proposal_.rule) {
        out += "  " + paint(look_, Tone::Dim, pad("[r] adds", 10)) + " " +
               wrap(look_, shown(look_, proposal_text(*proposal_.rule)), 13) + "\n";
    }
    return out;
}

std::string Question::prompt() const {
    std::string seconds;
    if (view_.answer.expires) {
        seconds = " (denied " + relative_time(*view_.answer.expires, clock_.now()) + ")";
    }
    return paint(look_, Tone::Bold,
                 proposal_.rule
                     ? "[a]pprove once, approve and [r]emember, [d]eny, [s]how all, [l]ater?"
                     : "[a]pprove once, [d]eny, [s]how all, [l]ater?") +
           seconds + " ";
}

Question::Reply Question::answer(const std::string& line) {
    const Typed typed = read_answer(line);
    switch (typed.wish) {
        case Wish::Approve:
            return vote(model::Ballot::Approve, typed.comment);
        case Wish::Deny:
            return vote(model::Ballot::Deny, typed.comment);
        case Wish::Remember:
            return approve_and_remember();
        case Wish::Show:
            return {Reply::Next::Again, "\n" + describe(look_, view_, clock_.now())};
        case Wish::Later:
            return {Reply::Next::Done, "left open: countersign approve " + view_.answer.id + "\n"};
        case Wish::Unknown:
            break;
    }
    return {Reply::Next::Again, "type a, r, d, s or l; \"d\" may carry a reason: d use a branch\n"};
}

Question::Reply Question::vote(model::Ballot ballot, const std::string& comment) {
    auto after = cast_vote(gateway_, signer_, view_, ballot, comment, clock_.now());
    if (!after.ok()) {
        return {Reply::Next::Done, paint(look_, Tone::Bad, "your vote did not count") + ": " +
                                       text::visible(after.error().message) + "\n"};
    }
    view_ = after.take();
    if (!view_.answer.open()) {
        return {Reply::Next::Done, ""};
    }
    const int missing = view_.answer.verdict.approvals - view_.answer.votes_for;
    return {Reply::Next::Done,
            "your vote is in, " + std::to_string(missing) + " more needed: " + others() + "\n"};
}

Question::Reply Question::approve_and_remember() {
    if (!proposal_.rule) {
        return {Reply::Next::Again,
                "no narrow rule for it" +
                    (proposal_.why.empty() ? "" : ": " + text::visible(proposal_.why)) + "\n"};
    }
    Reply reply = vote(model::Ballot::Approve, "");
    const auto rule = remember(gateway_, proposal_, signer_.name, "approved " + view_.answer.id);
    reply.text += rule.ok() ? "remembered as " + text::visible(*rule) + "\n"
                            : "not remembered: " + text::visible(rule.error().message) + "\n";
    return reply;
}

std::string Question::others() const {
    std::string names;
    const auto listed = each_item(gateway_, "/v1/approvers", 1000, [&](const json::value& person) {
        const std::string name = text_at(person, "name");
        const bool voted = std::any_of(view_.votes.begin(), view_.votes.end(),
                                       [&](const CastVote& vote) { return vote.approver == name; });
        if (flag_at(person, "active") && name != signer_.name && !voted) {
            names += (names.empty() ? "" : ", ") + text::visible(name, 80);
        }
    });
    if (!listed.ok() || names.empty()) {
        return "nobody else is enrolled (countersign approver add NAME)";
    }
    return names + " (countersign approve " + view_.answer.id + ")";
}

Result<std::optional<Signer>> ready_signer(World& world, Gateway& gateway,
                                           const Arguments& arguments) {
    std::optional<Signer> signer = TRY(signer_or_new(world, arguments));
    if (!signer) {
        return signer;
    }
    const bool enrolled = TRY(is_enrolled(gateway, *signer));
    if (enrolled) {
        return signer;
    }
    const bool agreed =
        TRY(agrees(world, "Enrol " + signer->name + " with that key as approver on this gateway?"));
    if (!agreed) {
        return std::optional<Signer>();
    }
    TRY(enrol(world, gateway, *signer));
    return signer;
}

}  // namespace countersign::cli
