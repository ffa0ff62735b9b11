// The flags and operands that rows of the command table share out. Included by command_table.cc
// only; apart from it for length.
#pragma once

#include <array>
#include <string_view>

#include "cli/command.h"

namespace countersign::cli::flags {

using Kind = Flag::Kind;
using Count = Operand::Count;

inline constexpr std::string_view kTiers = "read_only idempotent_write side_effect irreversible";
inline constexpr std::string_view kDecisions = "allow deny modify step_up defer";

inline constexpr Flag kJson{"json", Kind::Switch, {}, "print JSON for programs"};
inline constexpr Flag kAs{"as", Kind::Value, "NAME",
                          "vote as this approver (default: your login name, or your only key)"};
inline constexpr Flag kKey{"key", Kind::Value, "FILE",
                           "private key file (default: keys/NAME in the configuration directory)"};
inline constexpr Flag kComment{"comment", Kind::Value, "TEXT", "recorded with the vote"};
inline constexpr Flag kReason{"reason", Kind::Value, "TEXT", "recorded with it"};
inline constexpr Flag kBy{"by", Kind::Value, "NAME", "who does it (default: your login name)"};
inline constexpr Flag kState{"state", Kind::Value, "STATE", "only entries in this state"};
inline constexpr Flag kLimit{"limit", Kind::Value, "N", "at most N entries"};

inline constexpr std::array kJsonOnly = {kJson};

// --- Running -----------------------------------------------------------------------------------
inline constexpr std::array kRunFlags = {
    Flag{"agent", Kind::Value, "TYPE", "kind of agent: baseline and rules' scope (default coding)"},
    Flag{"name", Kind::Value, "ID", "this agent's own name (default: the program's)"},
    Flag{"model", Kind::Value, "NAME", "language model behind it, for the record"},
    Flag{"purpose", Kind::Value, "TEXT", "what it is meant to do, for approvers and the record"},
    Flag{"workspace", Kind::Value, "DIR", "where it may write (default: current directory)"},
    Flag{"profile", Kind::Value, "NAME",
         "which jail: coding (default), ci, ops or your own; countersign profile list"},
    Flag{"writable", Kind::Many, "DIR",
         "further directory it may write, such as its own state; may be repeated"},
    Flag{"ceiling", Kind::Value, "TIER", "deny everything above this tier", kTiers},
    Flag{"lifetime", Kind::Value, "SPAN",
         "session ends after this time, as 30m or 8h (default 8h)"},
    Flag{"staged",
         Kind::Switch,
         {},
         "write beside the workspace; countersign changes keeps or undoes"},
    Flag{"no-network", Kind::Switch, {}, "loopback only"},
    Flag{"ask", Kind::Value, "WHERE",
         "where held actions are asked: here (this terminal) or elsewhere (approve, watch)",
         "here elsewhere"},
    kAs,
    kKey,
    Flag{"verbose", Kind::Switch, {}, "show program starts that a grant covers one by one"},
    Flag{"quiet", Kind::Switch, {}, "show held and refused actions only"},
    Flag{"json", Kind::Switch, {}, "print the summary as JSON on standard output at the end"},
};
inline constexpr std::array kRunOperands = {
    Operand{"COMMAND", Count::Rest, "the agent's program and its arguments"}};
inline constexpr std::array kChangesFlags = {kJson, kComment};
inline constexpr std::array kChangesOperands = {
    Operand{"SESSION", Count::Optional, "session, such as s-0123456789abcdef"},
    Operand{"WHAT", Count::Optional, "list (default), diff, keep or undo", "list diff keep undo"},
    Operand{"PATH", Count::Any, "relative to the workspace, or absolute in it"}};
inline constexpr std::array kShOperands = {
    Operand{"-c TEXT [NAME [ARG...]]", Count::Rest, "as bash -c"}};
inline constexpr std::array kHookOperands = {
    Operand{"AGENT", Count::One, "whose hook speaks, such as claude-code"}};

inline constexpr std::array kProfileOperand = {Operand{"NAME", Count::One, "such as coding"}};

// --- Judging -----------------------------------------------------------------------------------
inline constexpr std::array kCheckFlags = {
    kJson,
    Flag{"agent", Kind::Value, "TYPE", "kind of agent that asks (default coding)"},
    Flag{"purpose", Kind::Value, "TEXT", "what it is meant to do"},
    Flag{"cwd", Kind::Value, "DIR", "working directory (default: the current one)"},
    Flag{"workspace", Kind::Value, "DIR", "workspace (default: cwd)"},
    Flag{"contained", Kind::Switch, {}, "judge as inside the jail"},
    Flag{"staged", Kind::Switch, {}, "judge as if file changes could be undone"},
    Flag{"policy", Kind::Value, "DIR", "policy directory (default: the built-in policy)"},
    Flag{"kind", Kind::Value, "KIND", "what TEXT is", "command exec sql tool_call http file"},
    Flag{"jsonl", Kind::Switch, {}, "one JSON request per line of standard input"},
};
inline constexpr std::array kTextOperand = {
    Operand{"TEXT", Count::Optional, "what the agent asks to do"}};
inline constexpr std::array kParseFlags = {
    kJson,
    Flag{"print", Kind::Switch, {}, "print canonical source"},
    Flag{"jsonl", Kind::Switch, {}, "one {\"id\", \"src\"} per line of standard input"},
};
inline constexpr std::array kFileOperand = {
    Operand{"FILE", Count::Optional, "bash source, - for stdin"}};
inline constexpr std::array kPolicyOperands = {
    Operand{"VERB", Count::Rest, "check, test, diff or explain, and its words"}};

// --- Deciding ----------------------------------------------------------------------------------
inline constexpr std::array kPendingFlags = {
    kJson, Flag{"session", Kind::Value, "ID", "only actions of this session"}};
inline constexpr std::array kActionOperand = {
    Operand{"ID", Count::One, "action, such as a-0123456789abcdef"}};
inline constexpr std::array kVoteFlags = {kComment, kAs, kKey, kJson};
inline constexpr std::array kApproveFlags = {
    kComment, kAs, kKey,
    Flag{"remember", Kind::Switch, {}, "also add the narrow rule that `show` proposes"}, kJson};
inline constexpr std::array kWatchFlags = {
    Flag{"session", Kind::Value, "ID", "only actions of this session"},
    Flag{"ask", Kind::Switch, {}, "ask here for each held action"}, kAs, kKey, kJson};

// --- Governing ---------------------------------------------------------------------------------
inline constexpr std::array kRuleListFlags = {
    Flag{"all", Kind::Switch, {}, "each rule of the policy files, not one line per family"}, kJson,
    Flag{"state", Kind::Value, "STATE", "only rules in this state", "active retired"}};
inline constexpr std::array kRuleAddFlags = {
    Flag{"verb", Kind::Value, "VERB", "what a match does (default allow)", "allow ask deny"},
    Flag{"match", Kind::Value, "KIND", "how PATTERN reads (default argv)", "exact argv glob regex"},
    Flag{"tier", Kind::Value, "TIER",
         "an allow rule covers up to this tier (default idempotent_write)", kTiers},
    Flag{"agent", Kind::Many, "TYPE", "only this kind of agent; may be repeated"},
    Flag{"workspace", Kind::Value, "GLOB", "only in these workspaces"},
    Flag{"reason", Kind::Value, "TEXT", "why the rule exists (required)"},
    Flag{"expires", Kind::Value, "SPAN", "from now, as 7d (default 30d)"},
    Flag{"owner", Kind::Value, "NAME", "person responsible (default: your login name)"},
    kJson,
};
inline constexpr std::array kPatternOperand = {
    Operand{"PATTERN", Count::OneOrMore,
            "argv: words, * for one word, ** last for any number; else the text's pattern"}};
inline constexpr std::array kRuleOperand = {
    Operand{"ID", Count::One, "rule, such as r-0123456789ab"}};
inline constexpr std::array kRuleTestOperands = {
    Operand{"ID", Count::One, "rule"}, Operand{"TEXT", Count::One, "command to try it on"}};
inline constexpr std::array kRuleTestFlags = {
    Flag{"agent", Kind::Value, "TYPE", "kind of agent that asks (default coding)"},
    Flag{"cwd", Kind::Value, "DIR", "working directory and workspace (default: the current one)"},
    kJson};
inline constexpr std::array kRetireFlags = {kReason, kBy, kJson};
inline constexpr std::array kReviewFlags = {kBy, kJson};
inline constexpr std::array kSuggestFlags = {kLimit, kJson};
inline constexpr std::array kSessionListFlags = {
    kJson, Flag{"state", Kind::Value, "STATE", "only sessions in this state",
                "active ended revoked expired"}};
inline constexpr std::array kSessionOperand = {
    Operand{"ID", Count::One, "session, such as s-0123456789abcdef"}};
inline constexpr std::array kSessionEndFlags = {kReason, kJson};
inline constexpr std::array kFreezeFlags = {kReason, kBy, kJson};
inline constexpr std::array kReportFlags = {
    Flag{"days", Kind::Value, "N", "look back so far (default 30)"}, kJson};

// --- Evidence ----------------------------------------------------------------------------------
inline constexpr std::array kTailFlags = {
    Flag{"limit", Kind::Value, "N", "the last N records (default 20)"},
    Flag{"follow", Kind::Switch, {}, "go on as records arrive"}, kJson};
inline constexpr std::array kSearchFlags = {
    Flag{"session", Kind::Value, "ID", "of this session"},
    Flag{"agent", Kind::Value, "TYPE", "of this kind of agent"},
    Flag{"decision", Kind::Value, "DECISION", "with this decision", kDecisions},
    Flag{"tier", Kind::Value, "TIER", "of this tier",
         "read_only idempotent_write side_effect irreversible forbidden"},
    Flag{"type", Kind::Value, "TYPE", "of this type, such as alert or session_start"},
    kLimit,
    kJson};
inline constexpr std::array kSearchOperand = {
    Operand{"TEXT", Count::Optional, "words of the action"}};
inline constexpr std::array kSeqOperand = {Operand{"SEQ", Count::One, "record number"}};
inline constexpr Flag kLog{"log", Kind::Value, "DIR", "log directory (default: this machine's)"};
inline constexpr std::array kVerifyFlags = {
    kLog,
    Flag{"public-key", Kind::Many, "FILE", "the log's verifier key (default: beside the log)"},
    Flag{"checkpoint", Kind::Many, "FILE",
         "a checkpoint kept elsewhere, which the log must extend; may be repeated"},
    Flag{"since", Kind::Value, "FILE",
         "a checkpoint up to which you verified before: the log must extend it, what follows is "
         "verified"},
    Flag{"witness", Kind::Many, "FILE",
         "key of a witness that must have cosigned; may be repeated"},
    kJson};
inline constexpr std::array kVerifyOperand = {
    Operand{"FILE", Count::Optional, "a receipt, an attestation or a proof; none: the whole log"}};
inline constexpr std::array kLogFlags = {kLog, kJson};
inline constexpr std::array kPublishFlags = {
    kLog, Flag{"git", Kind::Switch, {}, "commit the checkpoint; DIR lies in a git repository"},
    kJson};
inline constexpr std::array kPublishOperand = {
    Operand{"DIR", Count::One, "where the files go, for a web server or a mirror"}};
inline constexpr std::array kReceiptFlags = {
    Flag{"format", Kind::Value, "FORMAT", "receipt (default) or in-toto (DSSE)", "receipt in-toto"},
    kJson};
inline constexpr std::array kReceiptOperand = {Operand{"ACTION", Count::One, "such as a-..."}};
inline constexpr std::array kWitnessOperands = {
    Operand{"URL", Count::One, "the witness's submission prefix"},
    Operand{"KEY", Count::One, "file with the witness's verifier key"}};
inline constexpr std::array kExportFlags = {
    Flag{"session", Kind::Value, "ID", "only records of this session"},
    Flag{"type", Kind::Value, "TYPE", "only records of this type, such as decision"},
    Flag{"format", Kind::Value, "FORMAT", "jsonl (default) csv cef ocsf otlp syslog",
         "jsonl csv cef ocsf otlp syslog"},
    kLog, Flag{"output", Kind::Value, "FILE", "write here, mode 0600 (default: standard output)"}};
inline constexpr std::array kIncidentStartFlags = {
    Flag{"session", Kind::Value, "ID", "the session to contain (required)"}, kReason, kBy, kJson};
inline constexpr std::array kIncidentOperand = {
    Operand{"ID", Count::One, "incident, such as i-..."}};
inline constexpr std::array kDrillFlags = {kBy, kJson};

// --- Machine -----------------------------------------------------------------------------------
inline constexpr std::array kApproverAddFlags = {
    Flag{"public-key", Kind::Value, "FILE", "OpenSSH public key (default: NAME's own key here)"},
    kJson};
inline constexpr std::array kApproverOperand = {Operand{"NAME", Count::One, "person"}};
inline constexpr std::array kKeyNewFlags = {
    Flag{"key", Kind::Value, "FILE", "where (default: keys/NAME in the configuration directory)"},
    kJson};
inline constexpr std::array kHelpFlags = {
    Flag{"man", Kind::Switch, {}, "the manual page, countersign(1)"},
    Flag{"completion", Kind::Value, "SHELL", "completion script", "bash"},
};
inline constexpr std::array kHelpOperands = {
    Operand{"VERB", Count::Optional, "and its second word"}, Operand{"WORD", Count::Optional, ""}};

}  // namespace countersign::cli::flags
