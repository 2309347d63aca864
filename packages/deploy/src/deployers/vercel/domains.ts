/**
 * Domains of production traffic. Vercel does not version them: they are set after the switch.
 * @module
 */
import type { AnyKind, ResourceKind } from "../../contracts.ts";
import { nameTaken } from "../../engine/errors.ts";
import { defineKind } from "../../engine/kind.ts";
import type { Api } from "./client.ts";
import type { Project } from "./project.ts";

interface LiveDomain {
  name: string;
  verified: boolean;
}

interface Page {
  domains: LiveDomain[];
  /** Milliseconds since 1970: the next page begins before it. */
  pagination?: { next: number | null };
}

/** A project has fewer. */
const MOST = 10_000;

export function createDomains(api: Api, project: Project, warn: (line: string) => void): AnyKind {
  const at = (id: string, version: 9 | 10, name = "") =>
    `/v${version}/projects/${encodeURIComponent(id)}/domains${name && `/${encodeURIComponent(name)}`}`;
  const kind: ResourceKind<null, LiveDomain> = {
    name: "domain",
    phase: "settle",
    async list() {
      const live = await project.find();
      if (!live) return new Map();
      const domains: LiveDomain[] = [];
      for (let until: number | null = 0; until !== null && domains.length < MOST; ) {
        const query = { limit: "100", ...(until && { until: String(until) }) };
        const call = { name: "list domains", path: at(live.id, 9), query };
        const page: Page = await api.call<Page>(call);
        domains.push(...page.domains);
        until = page.domains.length > 0 ? (page.pagination?.next ?? null) : null;
      }
      // `<project>.vercel.app` is the project's own, whoever asks for domains.
      return new Map(
        domains.filter(({ name }) => !name.endsWith(".vercel.app")).map((domain) => [domain.name, domain]),
      );
    },
    diff: () => [],
    async create({ name }) {
      const { id } = await project.get();
      const made = await api.call<LiveDomain | { error: object }>({
        name: `add the domain ${name}`,
        method: "POST",
        path: at(id, 10),
        json: { name },
        expect: ["domain_already_in_use"],
      });
      if ("error" in made) {
        const known = (await kind.list()).get(name); // ours, when the answer of an earlier attempt was lost
        if (known) return known;
        throw nameTaken(`The domain ${name} is in use by another project.`, "Remove it there first.");
      }
      const domain = made;
      if (!domain.verified) warn(`Vercel waits for a DNS record of ${name}: https://vercel.com/docs/domains`);
      return domain;
    },
    update: async (_spec, live) => live,
    async remove(name) {
      const { id } = await project.get();
      await api.call({ name: `remove the domain ${name}`, method: "DELETE", path: at(id, 9, name), maybe: true });
    },
  };
  return defineKind(kind);
}
