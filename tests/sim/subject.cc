#include "subject.h"

namespace countersign::sim {

std::optional<gate::ActionEntry> Subject::action(const std::string& id) {
    auto found = world_.gate().actions().find(id);
    return found.ok() ? found.take() : std::nullopt;
}

Result<gate::ActionEntry> Subject::vote(const model::Vote& vote) {
    return world_.gate().actions().vote(vote);
}

Result<model::Session> Subject::authenticate(const std::string& token) {
    return world_.gate().sessions().authenticate(token);
}

Result<void> Subject::report(const model::Session& session, const std::string& id,
                             const model::Outcome& outcome) {
    return world_.gate().actions().report(session, id, outcome);
}

Result<std::vector<audit::ReadRecord>> Subject::records() {
    return world_.records();
}

std::string Subject::fault() {
    return world_.fault();
}

bool Defective::releases(const gate::ActionEntry& entry) const {
    using State = gate::ActionState;
    switch (defect_) {
        case Defect::ReleasesWithoutConsent:
            return entry.state == State::Pending;
        case Defect::OneVoteTooFew:
            return entry.state == State::Pending && entry.votes_for > 0;
        case Defect::ForgetsDenials:
            return entry.state == State::Denied && !entry.votes.empty();
        case Defect::ForgetsTime:
            return entry.state == State::Expired;
        case Defect::ReleasesDuringFreeze:
            return entry.state == State::Suspended;
        case Defect::AllowsTheForbidden:
            return entry.state == State::Denied &&
                   entry.verdict.assessment.tier >= model::Tier::Forbidden;
        default:
            return false;
    }
}

std::optional<gate::ActionEntry> Defective::action(const std::string& id) {
    auto entry = Subject::action(id);
    if (entry && releases(*entry)) {
        entry->state = gate::ActionState::Granted;
    }
    return entry;
}

Result<gate::ActionEntry> Defective::vote(const model::Vote& vote) {
    auto voted = Subject::vote(vote);
    if (!voted.ok() && defect_ == Defect::TakesBadVotes) {
        if (auto entry = Subject::action(vote.action)) {
            return std::move(*entry);
        }
    }
    return voted;
}

Result<model::Session> Defective::authenticate(const std::string& token) {
    auto session = Subject::authenticate(token);
    if (session.ok()) {
        seen_[token] = *session;
    } else if (defect_ == Defect::LetsEndedSessionsIn && seen_.contains(token)) {
        return seen_.at(token);
    }
    return session;
}

Result<void> Defective::report(const model::Session& session, const std::string& id,
                               const model::Outcome& outcome) {
    auto reported = Subject::report(session, id, outcome);
    if (!reported.ok() && reported.error().code == ErrorCode::Conflict &&
        defect_ == Defect::ReleasesTwice) {
        return {};
    }
    return reported;
}

Result<std::vector<audit::ReadRecord>> Defective::records() {
    auto records = Subject::records();
    if (records.ok() && defect_ == Defect::ReleasesWithoutRecord) {
        std::erase_if(*records,
                      [](const audit::ReadRecord& record) { return record.type == "release"; });
    }
    return records;
}

std::string Defective::fault() {
    if (defect_ == Defect::ChangesTheRecord) {
        for (auto& [path, content] : world_.files.contents()) {
            const std::size_t at = path.starts_with("/state/log/")
                                       ? content.find("\"type\":\"decision\"")
                                       : std::string::npos;
            if (at != std::string::npos) {
                // Of a copy: the next life must not stumble over it.
                const std::string before = content;
                content[at + 1] = 'T';
                std::string found = Subject::fault();
                content = before;
                return found;
            }
        }
    }
    return Subject::fault();
}

}  // namespace countersign::sim
