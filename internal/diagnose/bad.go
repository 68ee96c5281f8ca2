package diagnose

import (
	"pldoctor/internal/fact"
	"pldoctor/internal/rule"
	"pldoctor/internal/service"
)

// firstBad returns the first stage at which a case's journey leaves the private
// path, NoStage when it does not. A hop that was not seen is not bad.
func firstBad(c *rule.Case) fact.Stage {
	j := &c.Journey
	private := j.Verdict() == fact.Private
	switch {
	case failed(j.Name.Outcome):
		return fact.StageName
	case j.Proxy.Outcome == fact.ProxyUnusable: // nobody looked behind it
		return fact.NoStage
	case failed(j.Proxy.Outcome), j.Proxy.Outcome == fact.OK && !private:
		return fact.StageProxy
	case failed(j.Resolver.Outcome):
		return fact.StageResolver
	case failed(j.Answer.Outcome), j.Answer.Outcome == fact.OK && !rightAddress(c):
		return fact.StageAnswer
	case failed(j.Connect.Outcome):
		return fact.StageConnect
	case failed(j.TLS.Outcome):
		return fact.StageTLS
	case failed(j.Exchange.Outcome), j.Exchange.Outcome == fact.OK && !private:
		return fact.StageExchange
	case failed(j.Access.Outcome), j.Access.Denial == service.DeniedNoVault:
		return fact.StageAccess
	}
	return fact.NoStage
}

func failed(o fact.Outcome) bool { return o != fact.Unseen && o != fact.OK }

// rightAddress tells whether private link is behind the address that the client
// got: where the vault's endpoints are known, one of them has it, and packets
// get there unless none is any better.
func rightAddress(c *rule.Case) bool {
	doors := c.Doors()
	if len(doors) == 0 {
		return c.AnswerPrivate() && !c.Contradicted() && (c.Journey.Verdict() == fact.Private || !c.EndpointsRead())
	}
	if !c.IsEndpointAddress(c.Journey.Answer.Addr) {
		return false
	}
	usable, ok := c.Usable()
	return !ok || usable.Addr == c.Journey.Answer.Addr || c.Journey.Connect.Outcome == fact.OK || c.Journey.Connect.Outcome == fact.Unseen
}
