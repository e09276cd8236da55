"use client";
import { Menu, MenuCheckItem, MenuItem, MenuRadioGroup, MenuSeparator } from "@/ui/menu";
import { DUE_NAMES, DUES, type Filter, SORT_NAMES, SORTS, type StatusFilter } from "./filter";
import type { LazyMenuProps } from "./LazyMenu";
import { PRIORITIES, PRIORITY_NAMES, STATUS_NAMES, STATUSES } from "./marks";

interface FilterMenuProps extends LazyMenuProps {
  of: "status" | "priority" | "tag" | "due" | "sort";
  filter: Filter;
  onChange: (filter: Filter) => void;
  /** All tags that there are. */
  tags: string[];
}

export const STATUS_FILTERS: { value: StatusFilter; label: string }[] = [
  { value: "open", label: "Open" },
  ...STATUSES.map((status) => ({ value: status, label: STATUS_NAMES[status] })),
  { value: "all", label: "All" },
];

const toggled = <T,>(list: T[], item: T, isOn: boolean): T[] => (isOn ? [...list, item] : list.filter((each) => each !== item));

function Choices({ of, filter, onChange, tags }: Omit<FilterMenuProps, keyof LazyMenuProps>) {
  switch (of) {
    case "status":
      return <MenuRadioGroup value={filter.status} options={STATUS_FILTERS} onChange={(status) => onChange({ ...filter, status })} />;
    case "due":
      return <MenuRadioGroup value={filter.due} options={DUES.map((value) => ({ value, label: DUE_NAMES[value] }))} onChange={(due) => onChange({ ...filter, due })} />;
    case "priority":
      return PRIORITIES.map((priority) => (
        <MenuCheckItem key={priority} checked={filter.priority.includes(priority)} onChange={(isOn) => onChange({ ...filter, priority: toggled(filter.priority, priority, isOn) })}>
          {PRIORITY_NAMES[priority]}
        </MenuCheckItem>
      ));
    case "tag":
      return (
        <>
          {filter.tag.length > 0 ? (
            <>
              <MenuItem onSelect={() => onChange({ ...filter, tag: [] })}>Any tag</MenuItem>
              <MenuSeparator />
            </>
          ) : null}
          {tags.length === 0 ? <MenuItem disabled onSelect={() => undefined}>No tags yet</MenuItem> : null}
          {tags.map((tag) => (
            <MenuCheckItem key={tag} checked={filter.tag.includes(tag)} onChange={(isOn) => onChange({ ...filter, tag: toggled(filter.tag, tag, isOn) })}>
              #{tag}
            </MenuCheckItem>
          ))}
        </>
      );
    case "sort":
      return (
        <>
          <MenuRadioGroup value={filter.sort} options={SORTS.map((value) => ({ value, label: SORT_NAMES[value] }))} onChange={(sort) => onChange({ ...filter, sort })} />
          <MenuSeparator />
          <MenuCheckItem checked={filter.descending} onChange={(descending) => onChange({ ...filter, descending })}>
            Reverse order
          </MenuCheckItem>
        </>
      );
  }
}

/** The choices of one filter, or of the order. */
export default function FilterMenu({ trigger, defaultOpen, ...rest }: FilterMenuProps) {
  return (
    <Menu trigger={trigger} defaultOpen={defaultOpen}>
      <Choices {...rest} />
    </Menu>
  );
}
