package diagnose

import (
	"pldoctor/internal/fact"
	"pldoctor/internal/service"
)

// merge makes the journey to judge. What was seen is the truth; the prediction
// lends its reasons to every hop up to the first that differs, and says what
// the vault would answer to a token where none was presented.
func merge(predicted, seen fact.Journey) (j fact.Journey, differs fact.Stage) {
	j = seen
	differs = firstDifference(predicted, seen)
	before := func(s fact.Stage) bool { return differs == fact.NoStage || s < differs }
	if before(fact.StageProxy) {
		j.Proxy.By, j.Proxy.Reason = predicted.Proxy.By, predicted.Proxy.Reason
	}
	if before(fact.StageResolver) && seen.Resolver.Outcome != fact.Unseen {
		j.Resolver.By, j.Resolver.Reason = predicted.Resolver.By, predicted.Resolver.Reason
	}
	if before(fact.StageAnswer) && seen.Answer.Outcome != fact.Unseen {
		j.Answer.By, j.Answer.Reason = predicted.Answer.By, predicted.Answer.Reason
	}
	if before(fact.StageConnect) && seen.Connect.Outcome != fact.Unseen {
		j.Connect.By, j.Connect.Reason = predicted.Connect.By, predicted.Connect.Reason
	}
	if before(fact.StageTLS) && seen.TLS.Outcome != fact.Unseen {
		j.TLS.By, j.TLS.Reason = predicted.TLS.By, predicted.TLS.Reason
	}
	if before(fact.StageExchange) && seen.Exchange.Outcome != fact.Unseen {
		j.Exchange.By, j.Exchange.Reason = predicted.Exchange.By, predicted.Exchange.Reason
		untested := seen.Access == (fact.AccessHop{}) && // of another source, the vault's settings say something else
			(!seen.Exchange.Source.IsValid() || seen.Exchange.Source == predicted.Exchange.Source)
		if before(fact.StageAccess) && (untested || seen.Access.Outcome == predicted.Access.Outcome) {
			j.Access = predicted.Access
		}
	}
	return j, differs
}

// firstDifference returns the first stage at which what was seen contradicts
// the prediction. Public addresses may differ: a configuration does not know
// them. What was not seen contradicts nothing.
func firstDifference(p, s fact.Journey) fact.Stage {
	switch {
	case s.Name.Outcome != fact.Unseen && s.Name.Outcome != p.Name.Outcome:
		return fact.StageName
	case s.Name.Outcome != fact.Unseen && s.Proxy.Outcome != p.Proxy.Outcome:
		return fact.StageProxy
	case s.Resolver.Outcome != fact.Unseen && !sameResolver(p.Resolver, s.Resolver):
		return fact.StageResolver
	case s.Answer.Outcome != fact.Unseen && !sameAnswer(p.Answer, s.Answer):
		return fact.StageAnswer
	case s.Connect.Outcome != fact.Unseen && s.Connect.Outcome != p.Connect.Outcome:
		return fact.StageConnect
	case s.TLS.Outcome != fact.Unseen && s.TLS.Outcome != p.TLS.Outcome:
		return fact.StageTLS
	case s.Exchange.Outcome != fact.Unseen && !sameExchange(p, s):
		return fact.StageExchange
	case s.Access.Outcome != fact.Unseen && p.Access.Outcome != fact.Unseen && s.Access.Outcome != p.Access.Outcome &&
		(s.Access.Denial != service.DeniedToken || p.Access.Outcome == fact.OK): // which is looked at before the network is
		return fact.StageAccess
	}
	return fact.NoStage
}

func sameResolver(p, s fact.ResolverHop) bool {
	return p.Outcome == s.Outcome && p.Via == s.Via
}

func sameAnswer(p, s fact.AnswerHop) bool {
	if p.Outcome != s.Outcome || p.Class != s.Class || p.Alias != s.Alias {
		return false
	}
	return s.Class != fact.PrivateAddr || p.Addr == s.Addr
}

func sameExchange(p, s fact.Journey) bool {
	if p.Exchange.Outcome != s.Exchange.Outcome || p.Verdict() != s.Verdict() {
		return false
	}
	return s.Exchange.Endpoint == "" || p.Exchange.Endpoint == "" || s.Exchange.Endpoint == p.Exchange.Endpoint
}
