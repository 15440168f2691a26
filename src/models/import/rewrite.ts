import { messageOf, OcellusError } from '../../base/errors.ts';
import type { DetectionModel } from '../detection-model.ts';
import { foldConstants } from '../graph/constant-folding.ts';
import type { OnnxModel } from '../graph/model-io.ts';
import { makeValueInfo } from '../graph/nodes.ts';
import { opsetOf, QDQ_OPSET, upgradeOpset } from '../graph/opset-upgrade.ts';
import { dropUnused, simplifyGraph } from '../graph/simplify.ts';
import { toNumber } from '../graph/tensor-data.ts';
import type { ModelInput } from '../image-input.ts';
import { type FoldableInput, foldPreprocessing, type PictureForm } from './fold-preprocessing.ts';
import { type ColumnHead, keepBestBoxes } from './keep-best.ts';

/** What is to become of a model. */
export interface ImportChoice extends PictureForm {
  /** Boxes that the graph is to give; null: all. */
  readonly bestBoxes: number | null;
}

/**
 * Rewrites a model for this program: bytes in, fixed size, the newest operator set that is safe, shapes as constants, outputs
 * that nobody reads removed, and, where asked for, only the best boxes out.
 *
 * @param described the model as the program would feed and read it
 * @returns what was done, for people
 * @throws OcellusError `model_unsupported` (takes bytes already), `model_invalid`
 */
export function rewriteModel(model: OnnxModel, described: DetectionModel, choice: ImportChoice): string[] {
  const { input, summary } = described;
  const { graph } = model;
  if (input.type === 'uint8') {
    throw new OcellusError(
      'model_unsupported',
      `${summary.file} takes bytes already: there is nothing to fold`,
      {
        hint: 'import the original model, or use this one as it is',
      },
    );
  }
  if (!isFoldable(input) || described.fixedInputs.length > 0) {
    throw new OcellusError(
      'model_unsupported',
      `${summary.file} takes more than one picture with a batch axis: its preprocessing is not folded`,
      { hint: 'use the model as it is' },
    );
  }
  const changes: string[] = [];
  simplifyGraph(graph);
  fixInput(model, described);
  changes.push(...dropUnreadOutputs(model, described), ...raiseOpset(model));
  const before = graph.node.length;
  const folded = foldConstants(graph, opsetOf(model));
  dropUnused(graph);
  if (folded > 0) changes.push(`${before - graph.node.length} nodes that computed shapes became constants`);
  changes.push(...foldPreprocessing(model, input, choice));
  const head = columnHead(described);
  if (choice.bestBoxes !== null && head !== undefined && opsetOf(model) >= QDQ_OPSET) {
    changes.push(keepBestBoxes(model, head, Math.min(choice.bestBoxes, head.boxes)));
  }
  dropUnused(graph);
  return changes;
}

/** Whether preprocessing can become part of the graph before this input. */
export function isFoldable(input: ModelInput): input is FoldableInput {
  return input.layout === 'nchw' || input.layout === 'nhwc';
}

/** The head whose boxes can be filtered: of the others, rows are ruled out by one number, or lie in several outputs. */
export function columnHead({ decoder, summary, outputs }: DetectionModel): ColumnHead | undefined {
  const dims = summary.outputs[outputs[0]!]?.dims;
  const [, rows, boxes] = dims ?? [];
  if (decoder !== 'yolov8' || rows == null || boxes == null) return undefined;
  return { rows, boxes };
}

/** Fixes the size that the program feeds, so that shapes follow from it. */
function fixInput({ graph }: OnnxModel, { input, summary }: DetectionModel): void {
  const [first] = graph.input;
  if (first === undefined || graph.input.length !== 1) {
    throw new OcellusError('model_invalid', `the inputs of ${summary.file} are not those that it declares`, {
      hint: 'export the model again',
    });
  }
  const { widthPx, heightPx, layout } = input;
  const dims = layout === 'nchw' ? [1, 3, heightPx, widthPx] : [1, heightPx, widthPx, 3];
  graph.input = [makeValueInfo(first.name ?? '', toNumber(first.type?.tensorType?.elemType), dims)];
}

function dropUnreadOutputs({ graph }: OnnxModel, { outputs }: DetectionModel): string[] {
  const read = graph.output.filter((_, i) => outputs.includes(i));
  const dropped = graph.output.length - read.length;
  graph.output = read;
  return dropped === 0 ? [] : [`${dropped} outputs that nothing reads were removed`];
}

/** A model of an operator set that cannot be raised keeps it: the nodes that are added are in all of them. */
function raiseOpset(model: OnnxModel): string[] {
  const from = opsetOf(model);
  try {
    upgradeOpset(model);
  } catch (error) {
    if (!(error instanceof OcellusError) || error.code !== 'model_unsupported') throw error;
    return [`it keeps operator set ${from}: ${messageOf(error)}`];
  }
  const to = opsetOf(model);
  return to === from ? [] : [`operator set ${from} became ${to}`];
}
