/**
 * What the config names by its own name: buckets of R2, databases of D1, queues. Made when missing, and never removed:
 * nothing at Cloudflare says whose they are, and what is in them is the app's data.
 * @module
 */
import type { AnyKind, Spec } from "../../contracts.ts";
import { defineKind } from "../../engine/kind.ts";
import { type Stage, specsOf, stageNames } from "./stage.ts";

/** What the kinds keep of a thing; a bucket's id is its name. */
interface Stored {
  id: string;
}

export function storedSpecs(stage: Stage): Spec[] {
  return [
    ...specsOf(
      "r2",
      stageNames(
        stage,
        (wrangler) => wrangler.r2_buckets,
        ({ bucket_name }) => bucket_name,
      ),
    ),
    ...specsOf(
      "d1",
      stageNames(
        stage,
        (wrangler) => wrangler.d1_databases?.filter(({ database_id }) => !database_id),
        ({ database_name }) => database_name,
      ),
    ),
    ...specsOf(
      "queue",
      stageNames(
        stage,
        (wrangler) => wrangler.queues?.producers,
        ({ queue }) => queue,
      ),
    ),
  ];
}

export function storedKinds(stage: Stage): AnyKind[] {
  const { client, account } = stage;
  const at = `/accounts/${account}`;

  const bucket = (name: string): Promise<Stored | undefined> =>
    client
      .get<{ name: string } | undefined>({
        name: "read an R2 bucket",
        path: `${at}/r2/buckets/${name}`,
        scope: "Workers R2 Storage: Edit",
        absent: [],
      })
      .then((found) => found && { id: found.name });
  const database = async (name: string): Promise<Stored | undefined> => {
    const found = await client.get<{ name: string; uuid: string }[]>({
      name: "find a D1 database",
      path: `${at}/d1/database`,
      query: { name },
      scope: "D1: Edit",
    });
    const one = found.find((row) => row.name === name);
    return one && { id: one.uuid };
  };
  const queue = async (name: string): Promise<Stored | undefined> => {
    const found = await client.get<{ queue_name: string; queue_id: string }[] | null>({
      name: "find a queue",
      path: `${at}/queues`,
      query: { name },
      scope: "Queues: Edit",
    });
    const one = found?.find((row) => row.queue_name === name);
    return one && { id: one.queue_id };
  };

  const kind = (
    name: string,
    find: (name: string) => Promise<Stored | undefined>,
    path: string,
    json: (name: string) => object,
    scope: string,
  ): AnyKind =>
    defineKind<unknown, Stored>({
      name,
      phase: "prepare",
      async list() {
        const names = storedSpecs(stage).flatMap((spec) => (spec.kind === name ? [spec.name] : []));
        const found = await Promise.all(names.map(async (one) => [one, await find(one)] as const));
        return new Map(found.flatMap(([one, live]) => (live ? [[one, live] as const] : [])));
      },
      diff: () => [],
      async create(spec) {
        // Asked again after an answer that was lost, since the name is taken then.
        const made = await client.call<unknown>({
          name: `create ${spec.name}`,
          method: "POST",
          path: at + path,
          json: json(spec.name),
          scope,
          done: () => find(spec.name),
        });
        return (await find(spec.name)) ?? (made as Stored); // as `find` gives it where the list is behind
      },
      update: async (_spec, live) => live,
    });

  return [
    kind("r2", bucket, "/r2/buckets", (name) => ({ name }), "Workers R2 Storage: Edit"),
    kind("d1", database, "/d1/database", (name) => ({ name }), "D1: Edit"),
    kind("queue", queue, "/queues", (name) => ({ queue_name: name }), "Queues: Edit"),
  ];
}
