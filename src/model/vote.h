// Votes of people over one action, and the receipt of a decision. Values; thread safe.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "model/names.h"
#include "model/tier.h"

namespace countersign::model {

enum class Ballot { Approve, Deny };

inline constexpr std::array<std::string_view, 2> kBallotNames = {"approve", "deny"};

constexpr std::string_view ballot_name(Ballot ballot) {
    return name_in(kBallotNames, ballot);
}
constexpr std::optional<Ballot> ballot_from(std::string_view name) {
    return value_in<Ballot>(kBallotNames, name);
}

/// A vote. The signature is an SSHSIG (PROTOCOL.sshsig of OpenSSH, Ed25519, namespace
/// "countersign-vote@v1") over vote_statement(vote), so `ssh-keygen -Y verify` checks it too.
struct Vote {
    std::string action;         ///< action id
    std::string action_digest;  ///< "sha256:<hex>": the vote is for this and nothing else
    std::string approver;       ///< person's name as enrolled
    Ballot ballot = Ballot::Deny;
    std::string comment;
    Instant time;
    std::string signature;  ///< armored SSHSIG; empty only inside vote_statement

    bool operator==(const Vote&) const = default;
};

/// The exact bytes that a vote signs: the canonical JSON (RFC 8785) of all members but `signature`.
std::string vote_statement(const Vote& vote);

/// A person who may vote.
struct Approver {
    std::string name;        ///< unique
    std::string public_key;  ///< OpenSSH line "ssh-ed25519 AAAA..."
    Instant enrolled;
    bool active = true;

    bool operator==(const Approver&) const = default;
};

}  // namespace countersign::model
