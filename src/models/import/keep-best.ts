import { GraphIndex } from '../graph/graph-index.ts';
import type { OnnxModel } from '../graph/model-io.ts';
import { makeNode, makeValueInfo } from '../graph/nodes.ts';
import { DATA_TYPE, type GraphProto } from '../graph/onnx-proto.ts';
import { opsetOf } from '../graph/opset-upgrade.ts';
import { makeTensor } from '../graph/tensor-data.ts';
import { BEST_BOXES_KEY } from '../output-decoder.ts';

/** The operator set whose ReduceMax takes its axes as an input. */
const AXES_AS_INPUT = 18;
/** Rows of a YOLOv8 head that are no score. */
const BOX_ROWS = 4;
const TO_THE_END = 2n ** 63n - 1n;

/** The columns of a head of YOLOv8's kind: `[1, 4 + classes, boxes]`. */
export interface ColumnHead {
  readonly rows: number;
  readonly boxes: number;
}

/**
 * Lets a head of YOLOv8's kind give only the `count` boxes whose best class scores highest, the best first, so that the decoder
 * has less to walk through: `[1, 4 + classes, count]`. The first output of the graph is that head.
 */
export function keepBestBoxes(model: OnnxModel, { rows }: ColumnHead, count: number): string {
  const { graph } = model;
  const best = addFilter(graph, graph.output[0]?.name ?? '', count, opsetOf(model));
  graph.output = [makeValueInfo(best, DATA_TYPE.float32, [1, rows, count])];
  model.metadataProps = [
    ...model.metadataProps.filter(({ key }) => key !== BEST_BOXES_KEY),
    { key: BEST_BOXES_KEY, value: String(count), unknown: [] },
  ];
  return `the graph gives the ${count} best boxes`;
}

/** The filter as a model of its own, to measure what it takes. */
export function filterAlone(like: OnnxModel, { rows, boxes }: ColumnHead, count: number): OnnxModel {
  const graph: GraphProto = {
    ...{ node: [], name: 'filter', initializer: [], valueInfo: [], unknown: [] },
    input: [makeValueInfo('head', DATA_TYPE.float32, [1, rows, boxes])],
    output: [],
  };
  const model = { ...like, graph, functions: [], metadataProps: [], unknown: [] };
  const best = addFilter(graph, 'head', count, opsetOf(like));
  graph.output = [makeValueInfo(best, DATA_TYPE.float32, [1, rows, count])];
  return model;
}

function addFilter(graph: GraphProto, head: string, count: number, opset: number): string {
  const index = new GraphIndex(graph);
  const fresh = (what: string) => index.freshName(`${head}_${what}`);
  const constant = (what: string, values: readonly bigint[]) => {
    const name = fresh(what);
    graph.initializer.push(makeTensor(name, [values.length], BigInt64Array.from(values)));
    return name;
  };
  const classAxis = constant('class_axis', [1n]);
  const [scores, topScores, kept, places, place, best] = [
    ...[fresh('scores'), fresh('top_scores'), fresh('kept_scores'), fresh('kept_places')],
    ...[fresh('places'), fresh('best')],
  ] as [string, string, string, string, string, string];
  graph.node.push(
    makeNode(
      'Slice',
      [head, constant('from', [BigInt(BOX_ROWS)]), constant('to', [TO_THE_END]), classAxis],
      [scores],
    ),
    opset >= AXES_AS_INPUT
      ? makeNode('ReduceMax', [scores, classAxis], [topScores], { keepdims: 0 })
      : makeNode('ReduceMax', [scores], [topScores], { axes: [1], keepdims: 0 }),
    // Sorted: of equal scores the first box comes first, as without the filter.
    makeNode('TopK', [topScores, constant('count', [BigInt(count)])], [kept, places], {
      ...{ axis: 1, largest: 1, sorted: 1 },
    }),
    makeNode('Squeeze', [places, constant('batch_axis', [0n])], [place]),
    makeNode('Gather', [head, place], [best], { axis: 2 }),
  );
  return best;
}
